"""A dataset for people who train with something else.

nemo         JSON lines by split, and one audio file an utterance
huggingface  a directory for `datasets`, its shards linked where they can be
card         the dataset card: what it is, what was dropped, how it was made
naming       file names that no id can lead astray
folder       a folder that is there whole, or not at all
"""
