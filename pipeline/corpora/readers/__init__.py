"""The readers: one module per corpus, with its provenance, licence and layout.

Each module has `list_utterances(root, corpus)`, `detect(contents)` and a `Corpus` made of them,
which `READERS` (one level up) registers. `trans` is no reader: it holds what the corpora in
LibriSpeech's layout share.
"""
