# ruff: noqa: N806 - tensors carry a capital shape suffix
"""Training on a GPU: audio-hours a second, memory, and cuDNN's own GRU as the limit.

    python tests/bench/train_gpu.py [--device cpu --seconds 8]     the CPU only to see that it runs

A step is all of `Stepper.take`: int16 from pinned memory, features, network, CTC, optimiser.
The limit is cuDNN's stack of bidirectional GRU layers alone, forward and backward, on the
same frames and width, in the same precision.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.vocabulary import KOREAN
from train.data.dataset import Batch
from train.loop.optim import make_optimiser
from train.loop.step import Stepper
from train.model.deepspeech2 import Recogniser
from train.settings import TrainSettings, read_settings

SIZES = {"3 x 512": "base", "7 x 1280": "large"}
ROW_S, PHONES_A_SECOND, ROUNDS = 8, 11, 10


def make_batch(rows: int, *, pin: bool) -> Batch:
    generator = torch.Generator().manual_seed(0)
    samples, labels = ROW_S * SAMPLE_RATE_HZ, ROW_S * PHONES_A_SECOND
    pcm_NS = torch.randint(-3000, 3000, (rows, samples), dtype=torch.int16, generator=generator)
    labels_NL = torch.randint(1, KOREAN.num_classes, (rows, labels), generator=generator)
    counts_N = torch.full((rows,), labels)
    return Batch(
        ids=tuple(map(str, range(rows))),
        pcm_NS=pcm_NS.pin_memory() if pin else pcm_NS,
        samples_N=torch.full((rows,), samples),
        labels_NL=labels_NL,
        label_counts_N=counts_N,
        needed_frames_N=counts_N,
    )


def best_s(work: Callable[[], object], device: torch.device, rounds: int) -> float:
    work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return min(times)


def limit_s(settings: TrainSettings, rows: int, device: torch.device, rounds: int) -> float:
    """Seconds that cuDNN's GRU layers alone take."""
    model = settings.model
    frames = ROW_S * 100
    for stride in model.time_strides:
        frames = -(-frames // stride)
    gru = nn.GRU(model.hidden, model.hidden, model.layers, bidirectional=True).to(device)
    x_TNH = torch.randn(frames, rows, model.hidden, device=device)
    half: AbstractContextManager[object] = nullcontext()
    if settings.optim.precision == "bf16":
        half = torch.autocast(device.type, torch.bfloat16)

    def run() -> None:
        with half:
            out = gru(x_TNH)[0]
        out.float().sum().backward()

    return best_s(run, device, rounds)


def measure(name: str, precision: str, seconds: int, device: torch.device, rounds: int) -> str:
    assignments = [f"optim.precision={precision}", "augment.speed_percents=[100]"]
    settings = read_settings(SIZES[name], assignments)
    recogniser = Recogniser(settings, KOREAN).to(device)
    stepper = Stepper(recogniser, make_optimiser(recogniser, settings.optim), settings)
    batch = make_batch(max(seconds // ROW_S, 1), pin=device.type == "cuda")
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    step_s = best_s(lambda: stepper.take([batch], step=0), device, rounds)
    memory_gb = torch.cuda.max_memory_allocated() / 1e9 if device.type == "cuda" else float("nan")
    hours = len(batch.ids) * ROW_S / 3600
    own_limit = hours / limit_s(settings, len(batch.ids), device, rounds)
    return (
        f"| {name} | {precision} | {len(batch.ids) * ROW_S} | {1000 * step_s:.0f} | {hours / step_s:.2f} |"
        f" {own_limit:.2f} | {memory_gb:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=int, nargs="+", default=[480, 1920])
    chosen = parser.parse_args()
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print("no GPU here: nothing measured")
        return
    device = torch.device(chosen.device)
    rounds = ROUNDS if device.type == "cuda" else 1
    print(
        torch.cuda.get_device_name() if device.type == "cuda" else "on the CPU, which says nothing of a GPU"
    )
    print("\n| size | precision | batch, s | step, ms | hours/s | cuDNN's limit, hours/s | peak GB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name in SIZES:
        for precision in ("float32", "bf16"):
            for seconds in chosen.seconds:
                print(measure(name, precision, seconds, device, rounds), flush=True)


if __name__ == "__main__":
    main()
