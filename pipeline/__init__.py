"""From raw recordings to shards and a manifest, on CPU boxes.

raw corpus ── corpora ──► Utterance ── transcript ──► text ─┐
                            │                               ├─► Example ─ shards ─► *.arrow
                            └─ audio: decode, resample,     │                          │
                               collapse silence, denoise ───┤                      contract
                                                            │                          ▼
                 phonology: text ─► 발음 ─► IPA ─► labels ──┘                   manifest.json

cli         the commands of `malsori`
job         the preprocessing run: everything above, in worker processes
corpora     the layouts that can be read; transcript, phonology, audio, shards: the stages
record      the values that flow between the stages, which never import each other
settings    all that can change the bytes of a shard
contract    shards and manifest as they are handed over, and how to read them safely
dataset     what is done with manifests: verify, merge, split, filter, compare
report      a page to judge a dataset by; export: the same data in other layouts
"""
