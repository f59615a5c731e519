"""What teammates do with manifests: check, join, divide, narrow down, compare.

    verify       are the shards what the manifest says?
    examine      the row by row part of `verify --deep`
    merge        several manifests, or the parts of one run, as one
    split        train, valid and test by speaker or utterance
    filter       only the rows that an expression picks
    compare      what differs between two manifests, and why results would
    views        what merge, split and filter share: a new manifest over existing rows
    builder      the one place where a manifest is put together, for `malsori preprocess` too
    dropped      the dropped list
    statistics   figures by shard, and their sum
    huggingface  the two files that let `datasets` open a folder of shards

No operation rewrites a shard: a manifest names the rows that belong to the dataset.
"""
