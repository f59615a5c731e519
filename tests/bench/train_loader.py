"""How fast shards become padded batches, in audio-hours per CPU-second of all threads.

    python tests/bench/train_loader.py [MANIFEST]      without one: the bundled sample's (make preprocess)

The bar is 20 audio-hours a CPU-second from PCM shards: a GPU that trains 10 hours a second
then costs half a core of loading.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from train.data.sources import open_sources
from train.loop.loader import Loader
from train.loop.setup import set_up_training
from train.settings import read_settings

SAMPLE = Path(__file__).parents[2] / "manifests" / "sample.json"
BUDGETS_S = (40.0, 240.0, 480.0)
EPOCHS = 6


def measure(manifest: str, budget_s: float) -> str:
    setup = set_up_training(
        open_sources([manifest]), read_settings("base", [f"batching.budget_s={budget_s}"])
    )
    steps = [step for epoch in range(1, EPOCHS + 1) for step in setup.plan(epoch)]
    hours = EPOCHS * setup.describe()["train_hours"]
    for (rows,) in setup.plan(0):  # the shards' pages come into memory
        setup.utterances.collate(rows)

    def directly() -> None:
        for (rows,) in steps:
            setup.utterances.collate(rows)

    def through_the_loader() -> None:
        with Loader(
            lambda step: [setup.utterances.collate(rows) for rows in step], steps, timeout_s=60
        ) as loader:
            for _ in steps:
                loader.next()

    rates = " | ".join(
        f"{hours / cpu_s:.0f} | {hours / wall_s:.0f}"
        for cpu_s, wall_s in (timed(directly), timed(through_the_loader))
    )
    return f"| {budget_s:g} | {setup.describe()['padding']:.3f} | {rates} |"


def timed(work: Callable[[], None]) -> tuple[float, float]:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu_s, time.perf_counter() - wall_s


def main() -> None:
    manifest = sys.argv[1] if len(sys.argv) > 1 else str(SAMPLE)
    if not Path(manifest).exists():
        sys.exit(f"no manifest at {manifest}; `make preprocess` makes the sample's")
    torch.set_num_threads(1)
    print("| budget, s | padding | direct, h/CPU-s | h/s | prefetched, h/CPU-s | h/s |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for budget_s in BUDGETS_S:
        print(measure(manifest, budget_s))


if __name__ == "__main__":
    main()
