"""From raw recordings to shards and a manifest, on CPU boxes.

    raw corpus ── corpora ──► Utterance ── transcript ──► text ─┐
                                │                               ├─► Example ─ shards ─► *.arrow
                                └─ audio: decode, resample,     │                          │
                                   collapse silence, denoise ───┤                      contract
                                                                │                          ▼
                     phonology: text ─► 발음 ─► IPA ─► labels ──┘                   manifest.json

    cli/        the malsori commands
    job/        the preprocessing run: plan, workers, manifest
    corpora/ transcript/ phonology/ audio/ shards/
                the stages, in the order above; they never import each other
    record      the values that flow between the stages
    settings    the settings of all stages in one document
    contract/   shards and manifest: what is handed over, and must stay readable
    dataset/    what teammates do with manifests: verify, merge, split, filter, compare
    report/     one HTML page about a dataset, for people who do not program
    export/     the same dataset for NeMo and Hugging Face

To follow one utterance, begin with job/run.py and job/task.py.
"""
