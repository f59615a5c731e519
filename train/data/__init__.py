"""From manifests to padded batches.

sources     manifests and their shards, local or at a URL; checks the hashes
dataset     the utterances of a split, and batches of them
batching    which rows go into which batch, for every epoch
augment     random changes to the waves and features of a batch
"""
