"""The readers: one module per corpus, with its provenance, licence and layout.

    kspon       KsponSpeech             librispeech  LibriSpeech, and any corpus in its layout
    aihub130    AI Hub 130              tedxkr       Pansori-TEDxKR, in LibriSpeech's layout
    dialect     AI Hub 118 to 122       commonvoice  Mozilla Common Voice
    zeroth      Zeroth-Korean           fleurs       FLEURS
    kss         KSS                     nemo         JSON lines of your own
    clovacall   ClovaCall               table        a table of your own

Each module has `list_utterances(root, corpus)`, `detect(contents)` and a `Corpus` made of them,
which `READERS` (one level up) registers. `trans` is no reader: it holds what the corpora in
LibriSpeech's layout share.
"""
