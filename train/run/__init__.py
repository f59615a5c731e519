"""A run: the whole of it, the folder it writes, what it says.

fit         a run from top to bottom: manifests, folder, training, evaluation
trainer     the training: epochs of steps, validations, checkpoints
folder      the run's folder; whether a run can be resumed from it
checkpoint  the state of a run; record: its checkpoint.json; tensors: its safetensors files;
            card: the README beside it
logs        metrics.jsonl, TensorBoard, progress on stderr
"""
