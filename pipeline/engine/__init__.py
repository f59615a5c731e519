"""Spreading tasks over processes and machines, as a good citizen of a shared box.

    resources   how many workers: cores and memory that this process may use
    lock        one run an output folder
    local       worker processes here: low priority, one thread each, crashes survived
    watch       inside a worker: which utterance it is at, and a limit on its time
    cluster     the same tasks on a Dask or Ray cluster, through joblib's backends

Results are small records and arrive in any order, so the parent's memory does not grow with
the corpus.
"""
