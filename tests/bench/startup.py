"""What a command costs before and around its work: processor seconds and seconds by the clock.

    python tests/bench/startup.py [--rounds 5] [--than CHECKOUT]

Each command runs in rounds beside two baselines: Python doing nothing, and Python importing the
libraries that the command cannot do without. `--than` runs the same commands of another checkout
in the same rounds, with this Python. Processor seconds count every process that a command starts
(on Linux also those that outlive it); they vary less than the clock on a busy machine. Prints
medians, and the ratio of the processor seconds to those of the other checkout.
"""

import argparse
import ctypes
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
RATE_HZ = 16_000

BASELINES = {
    "python -c pass": "pass",
    "imports: command line": "import click, pydantic; pydantic.BaseModel",
    "imports: one utterance": (
        "import click, numpy, pyarrow, pydantic, soundfile, soxr, webrtcvad; pydantic.BaseModel"
    ),
}


def main() -> None:
    """Measure every command of every checkout and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--than", type=Path, help="another checkout of malsori, to compare with")
    arguments = parser.parse_args()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    checkouts = [HERE] if arguments.than is None else [HERE, arguments.than.resolve()]
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure_rounds(checkouts, Path(folder), rounds=arguments.rounds)
    _print_table(measured, checkouts)


def _measure_rounds(
    checkouts: list[Path], folder: Path, *, rounds: int
) -> dict[tuple[str, Path], list[tuple[float, float]]]:
    """(processor seconds, seconds by the clock) of every command, in every checkout, round by round."""
    corpus = _make_corpus(folder / "corpus")
    measured = defaultdict(list)
    for number in range(rounds):
        for name, code in BASELINES.items():
            measured[name, HERE].append(_measure(["-c", code], HERE))
        for place, checkout in enumerate(checkouts):
            for name, command in _commands(corpus, folder / f"{place}-{number}").items():
                measured[name, checkout].append(_measure(["-m", "pipeline", *command], checkout))
    return measured


def _commands(corpus: Path, out: Path) -> dict[str, list[str]]:
    """One run of the pipeline over one utterance, the same once more, and what looks at the result."""
    manifest = str(out / "one.json")
    preprocess = ["preprocess", str(corpus), "--corpus", "table", "--out", str(out), "--manifest", manifest]
    return {
        "--version": ["--version"],
        "--help": ["--help"],
        "phonemes": ["phonemes", "굳이"],
        "preprocess": preprocess,
        "preprocess, done before": preprocess,
        "show": ["show", manifest],
    }


def _make_corpus(folder: Path) -> Path:
    """A table of one utterance: two seconds of a buzz that is never silent."""
    folder.mkdir()
    samples = b"".join(
        struct.pack("<h", (at * at // 7) % 8_000 - 4_000 + at % 160 * 20) for at in range(2 * RATE_HZ)
    )
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16, b"data", len(samples))
    riff = struct.pack("<4sI4s", b"RIFF", 4 + len(head) + len(samples), b"WAVE")
    (folder / "one.wav").write_bytes(riff + head + samples)
    (folder / "metadata.csv").write_text("file_name,text\none.wav,오늘은 날씨가 좋습니다\n", encoding="utf-8")
    return folder


def _measure(arguments: list[str], checkout: Path) -> tuple[float, float]:
    before_s, started = _used_s(), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, told = process.communicate()
    wall_s = time.monotonic() - started
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} in {checkout}: {told.decode()}")
    return _used_s() - before_s, wall_s


def _used_s() -> float:
    """Processor seconds of all processes started here that have ended; waits for those that have not."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    times = os.times()
    return times.children_user + times.children_system


def _print_table(measured: dict[tuple[str, Path], list[tuple[float, float]]], checkouts: list[Path]) -> None:
    names = list(dict.fromkeys(name for name, _ in measured))
    print(f"{'':26}" + "".join(f"{'CPU s':>8} {'clock s':>8}  " for _ in checkouts))
    for name in names:
        medians = [
            [statistics.median(values) for values in zip(*measured[name, checkout], strict=True)]
            for checkout in checkouts
            if (name, checkout) in measured
        ]
        line = "".join(f"{cpu_s:8.2f} {wall_s:8.2f}  " for cpu_s, wall_s in medians)
        ratio = f"{medians[0][0] / medians[1][0]:5.2f}" if len(medians) == 2 else ""
        print(f"{name:26}{line}{ratio}")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
