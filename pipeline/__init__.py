"""From raw recordings to shards and a manifest, on CPU boxes.

    raw corpus ── corpora ──► Utterance ── transcript ──► text ─┐
                                │                               ├─► Example ─ shards ─► *.arrow
                                └─ audio: decode, resample,     │                          │
                                   collapse silence, denoise ───┤                      contract
                                                                │                          ▼
                     phonology: text ─► 발음 ─► IPA ─► labels ──┘                   manifest.json

`run` is the whole job, `engine` spreads it over processes, `record` holds the values that
flow between the stages. Stages never import each other.
"""
