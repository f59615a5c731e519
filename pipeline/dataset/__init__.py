"""What teammates do with manifests: check, join, divide, narrow down, compare.

    verify   are the shards what the manifest says?
    merge    several manifests, or the parts of one run, as one
    split    train/valid/test by speaker or utterance
    select   only the rows that an expression picks
    compare  what differs between two manifests, and why results would
    derive   what the operations above share: rows in, a new manifest out

No operation rewrites a shard: a manifest names the rows of it that belong to the dataset.
"""
