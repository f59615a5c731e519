"""Error rates and speed of the decoders of a finished run, on its valid and test splits.

python tests/bench/decode.py RUN MANIFEST
"""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

import torch

from train.data.sources import open_sources
from train.evaluation.evaluate import evaluate
from train.run.folder import find_checkpoint

torch.set_num_threads(1)
checkpoint, sources = find_checkpoint(Path(sys.argv[1])), open_sources([sys.argv[2]])
print("| decoder | split | PER | 95 % by utterance | CER | of | CPU s |")
print("| --- | --- | --- | --- | --- | --- | --- |")
for decoder in ("greedy", "beam", "ngram", "words") if find_spec("flashlight") else ("greedy",):
    evaluate(checkpoint, sources, split="valid", decoder=decoder)  # makes what it needs
    for split in ("valid", "test"):
        started = time.process_time()
        found, _ = evaluate(checkpoint, sources, split=split, decoder=decoder)
        seconds = time.process_time() - started
        low, high = (f"{100 * edge:.2f}" for edge in found["per_95"]["by_utterance"])
        rates = f"{100 * found['per']:.2f} % | {low} to {high} | {100 * found['cer']:.2f} %"
        print(f"| {decoder} | {split} | {rates} | {found['cer_is_of']} | {seconds:.1f} |", flush=True)
