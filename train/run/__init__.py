"""A run: the whole of it, the folder it writes, what it says.

fit         a run from top to bottom: manifests, epochs, validations, evaluation
folder      the run's folder; whether a run can be resumed from it
checkpoint  the state of a run, and its record; card: the README beside it
logs        metrics.jsonl, TensorBoard, progress on stderr
"""
