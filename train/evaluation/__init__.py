"""Measuring a recogniser: error rates, tables, a page.

evaluate    a checkpoint on a split, and the files of an evaluation
metrics     edits, alignments, error rates of utterances and groups, 95 % intervals
confusions  which phone was recognised as which
page        the evaluation as an HTML page
"""
