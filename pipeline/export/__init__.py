"""A dataset for people who train with something else.

nemo         JSON lines by split, and one audio file per utterance
huggingface  a folder for `datasets`, with links to the shards where links are possible
card         the dataset card: what it is, what was dropped, how it was made
names        file names that no id can abuse
"""
