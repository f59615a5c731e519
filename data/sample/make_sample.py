"""Make the bundled sample: a small Korean corpus in KsponSpeech's layout, spoken by espeak-ng.

    python data/sample/make_sample.py [--out DIR]

Does nothing when DIR (data/sample/raw) is already what this generator makes. Exit codes are
malsori's: 3 when DIR holds something else, 6 when espeakng-loader is not installed.
"""

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import psutil
from corpus import write_corpus
from espeak import require_espeak
from plan import Planned, plan_utterances
from stamp import is_current, is_stamped, write_stamp

from pipeline.contract.errors import InputRejected, exit_codes
from pipeline.contract.schema import SAMPLE_RATE_HZ

OUT: Final = Path(__file__).parent / "raw"


def make_sample(out: Path, *, scale: float = 1.0) -> bool:
    """Make the sample at `out`, whole or not at all.

    Args:
        out: Folder of the corpus; replaced when an older generator made it.
        scale: Share of the utterances to make.

    Returns:
        False when it was there already.

    Raises:
        InputRejected: `out` holds something that this generator did not make.
        MissingResource: espeak-ng is not installed.
    """
    if is_current(out):
        return False
    if out.exists() and not is_stamped(out) and any(out.iterdir()):
        raise InputRejected(f"{out} holds files that are not the sample: give another --out, or move them")
    require_espeak()
    _sweep(out)
    started = time.monotonic()
    making = out.with_name(f".{out.name}.{os.getpid()}.making")
    try:
        planned = plan_utterances(scale=scale)
        samples = write_corpus(making, planned)
        write_stamp(making)
        _put(making, out)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _say(out, planned, samples, seconds=time.monotonic() - started)
    return True


def _sweep(out: Path) -> None:
    """Remove what makers that were killed left beside `out`."""
    for folder in out.parent.glob(f".{out.name}.*"):
        _, pid, kind = folder.name.rsplit(".", 2)
        if kind in ("making", "old") and pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder)


def _put(making: Path, out: Path) -> None:
    """Give the finished corpus its name; a folder in use cannot be replaced in one step."""
    if out.exists():
        old = making.with_suffix(".old")
        out.rename(old)
        making.rename(out)
        shutil.rmtree(old)
    else:
        making.rename(out)


def _say(out: Path, planned: list[Planned], samples: int, *, seconds: float) -> None:
    splits = Counter(one.split for one in planned)
    hours = samples / SAMPLE_RATE_HZ / 3600
    print(
        f"sample: {len(planned):,} utterances ({', '.join(f'{split} {n:,}' for split, n in splits.items())}),"
        f" {hours:.2f} h, made in {seconds:.0f} s: {out}",
        file=sys.stderr,
    )


def main() -> None:
    """Parse the command line and make the sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, metavar="DIR", help="where to (default: %(default)s)"
    )
    out: Path = parser.parse_args().out
    with exit_codes():
        if not make_sample(out):
            print(f"sample: already there: {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
