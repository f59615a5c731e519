"""The shards stage: the split that an utterance belongs to, and the file that its row is written to.

    settings   what may be chosen
    splits     assign_split: from named speakers, from the corpus, or from a hash
    writer     ShardWriter: rows in, an Arrow file and its hash out

Import from the modules: the settings then load neither numpy nor pyarrow.
"""
