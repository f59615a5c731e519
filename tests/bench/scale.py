"""Planning a corpus of KsponSpeech's size, and the parent's memory over many files.

    python tests/bench/scale.py [--listed 620000] [--files 20000]

The listed corpus is faked by names and sizes (sparse .pcm files, one .trn); the second run is a
real one over tiny files of buzzing noise. Prints seconds and peak memory of the parent process.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SENTENCE = "오늘은 날씨가 아주 좋아서 친구와 함께 공원에 갔습니다"
PER_FOLDER = 1000
PCM_BYTES = 4 * 32_000


def main() -> None:
    """Fake both corpora, run both commands, print what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listed", type=int, default=620_000)
    parser.add_argument("--files", type=int, default=20_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make_corpus(folder / "listed", arguments.listed, wave=None)
        seconds, peak_mb = _run(folder / "listed", folder / "a", "--dry-run")
        print(f"{arguments.listed:,} utterances planned in {seconds:.1f} s, peak {peak_mb:.0f} MB")
        _make_corpus(folder / "files", arguments.files, wave=_buzz())
        seconds, peak_mb = _run(folder / "files", folder / "b", "--jobs", "2")
        print(f"{arguments.files:,} files processed in {seconds:.1f} s, parent's peak {peak_mb:.0f} MB")


def _make_corpus(root: Path, count: int, *, wave: bytes | None) -> None:
    lines = []
    for number in range(1, count + 1):
        volume, chapter = number // (124 * PER_FOLDER) + 1, number // PER_FOLDER + 1
        below = f"KsponSpeech_{volume:02d}/KsponSpeech_{chapter:04d}/KsponSpeech_{number:06d}.pcm"
        path = root / below
        if number % PER_FOLDER in {0, 1}:
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            if wave is None:
                stream.truncate(PCM_BYTES)
            else:
                stream.write(wave)
        lines.append(f"{below} :: {SENTENCE}\n")
    (root / "train.trn").write_text("".join(lines), encoding="utf-8")


def _buzz() -> bytes:
    """2.5 seconds, enough for the sentence's labels."""
    rng = np.random.default_rng(0)
    time_s = np.arange(40_000) / 16_000
    wave = np.sign(np.sin(2 * np.pi * 140 * time_s)) * 2_000 + rng.normal(0, 30, time_s.size)
    return wave.astype("<i2").tobytes()


def _run(corpus: Path, out: Path, *extra: str) -> tuple[float, float]:
    """Seconds and the parent's peak memory in MB, of the parent alone."""
    code = (
        "import atexit, pathlib, sys\n"
        "from pipeline.cli import main\n"
        "status = pathlib.Path('/proc/self/status')\n"  # ru_maxrss would count our own peak, too
        "peak = lambda: int(status.read_text().partition('VmHWM:')[2].split()[0]) * 1024 / 1e6\n"
        "atexit.register(lambda: print(f'peak {peak()}'))\n"
        "main(sys.argv[1:])\n"
    )
    command = [
        sys.executable, "-c", code, "preprocess", str(corpus), "--corpus", "kspon",
        "--out", str(out / "shards"), "--manifest", str(out / "m.json"), *extra,
    ]  # fmt: skip
    started = time.monotonic()
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        sys.exit(finished.stderr)
    return time.monotonic() - started, float(finished.stdout.split()[-1])


if __name__ == "__main__":
    main()
