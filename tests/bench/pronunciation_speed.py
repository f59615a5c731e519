"""Sentences a second on one core, all layers included, beside plain g2pk in the same run.

    python tests/bench/pronunciation_speed.py FOLDER_OF_TRANSCRIPTS [--limit N]

Reads LibriSpeech-style `*.trans.txt` (Pansori TEDxKR). Measures CPU time, which other programs on
the machine hardly change. "first pass" starts with an empty cache of words, "second pass" with a full one.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from g2pk_baseline import load_g2pk

from pipeline.phonology import PhonologySettings, label_batch

BATCH = 64
COLD_START = (
    "import time; t = time.perf_counter(); from pipeline.phonology import pronounce; "
    "pronounce('준비 되었습니다'); print(time.perf_counter() - t)"
)


def read_sentences(folder: Path) -> list[str]:
    """The transcripts under `folder`, in the order of their files."""
    lines = (
        line for path in sorted(folder.rglob("*.trans.txt")) for line in path.read_text("utf-8").splitlines()
    )
    return [line.partition(" ")[2] for line in lines if line.strip()]


def rate(work: Callable[[], object], sentences: int) -> float:
    """Sentences a CPU second."""
    start = time.process_time()
    work()
    return sentences / (time.process_time() - start)


def g2pk_batches(sentences: list[str]) -> None:
    """Plain g2pk at its fastest: 64 sentences at a time, with the regex cache raised."""
    pronounce = load_g2pk()
    for start in range(0, len(sentences), BATCH):
        pronounce("\n".join(sentences[start : start + BATCH]))


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=None)
    arguments = parser.parse_args()
    sentences = list(islice(read_sentences(arguments.folder), arguments.limit))
    length = sum(map(len, sentences)) / len(sentences)
    print(f"{len(sentences)} sentences of {length:.1f} characters")
    cold = [float(subprocess.check_output([sys.executable, "-c", COLD_START])) for _ in range(3)]
    print(f"cold start of a worker: {min(cold):.2f} s")
    settings = PhonologySettings()
    label_batch(["준비 되었습니다"], settings=settings)  # loads the dictionaries

    def ours() -> object:
        return label_batch(sentences, settings=settings)

    for name in ("first pass", "second pass"):
        print(f"malsori, {name:11}: {rate(ours, len(sentences)):7.0f} sentences/s, text to labels")
    g2pk = load_g2pk()
    some = sentences[:300]
    print(f"g2pk, batches of 64 : {rate(lambda: g2pk_batches(sentences), len(sentences)):7.0f} sentences/s")
    print(f"g2pk, one by one    : {rate(lambda: [g2pk(s) for s in some], len(some)):7.0f} sentences/s")


if __name__ == "__main__":
    main()
