"""Fuzzing in a process of its own: `python tests/fuzzing.py LIMIT_S SKIP FIRST LAST NAME...` is the worker.

The worker announces each seed before it tries it, so a crash can be blamed on the right one. An input
that computes for longer than LIMIT_S seconds, or takes ten times that by the clock, kills the worker.
An input that asks for over 1 GB more memory than the worker had before its first seed fails (Linux
only: macOS does not enforce such limits).
"""

import itertools
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_S = 10.0
"""A hundred times what the slowest input takes."""
MEMORY_BYTES = 2**30
"""Three times what all seeds of the tests take together."""


@dataclass
class Findings:
    """How a range of seeds ended, for each target.

    Attributes:
        ends: By target, how many seeds ended which way.
        failures: By (target, seed), what went wrong: a crash, a hang, a bug, memory.
        peak_mb: The largest resident memory of any worker; for reading, not for asserting.
    """

    ends: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: dict[tuple[str, int], str] = field(default_factory=dict)
    peak_mb: int = 0

    def take(self, lines: Sequence[str]) -> int:
        """Record a worker's output and return how many seeds it began."""
        begun = 0
        for line in lines:
            kind, *parts = line.split("\t")
            if kind == "seed":
                begun += 1
                self.ends[parts[0]]["lost"] += 1
            elif kind == "end":
                self.ends[parts[0]].subtract(["lost"])
                self.ends[parts[0]][parts[2]] += 1
            elif kind == "bug":
                self.failures[parts[0], int(parts[1])] = parts[2]
            elif kind == "peak":
                self.peak_mb = max(self.peak_mb, int(parts[0]))
        return begun


def run_targets(names: Sequence[str], *, first: int, last: int, limit_s: float = LIMIT_S) -> Findings:
    """Try the seeds `first`..`last` - 1 of every target, in a new worker after each crash.

    Args:
        limit_s: Processor time that one input may take, in seconds.
    """
    findings = Findings()
    items = list(itertools.product(names, range(first, last)))
    done = 0
    while done < len(items):
        worker = subprocess.run(
            [sys.executable, __file__, str(limit_s), str(done), str(first), str(last), *names],
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        begun = findings.take(worker.stdout.splitlines())
        if worker.returncode == 0:
            break
        if not begun:
            raise RuntimeError(worker.stderr)
        died = signal.Signals(-worker.returncode).name if worker.returncode < 0 else worker.stderr[-500:]
        how = "took too long" if died in {"SIGALRM", "SIGPROF"} else f"crashed: {died}"
        findings.failures[items[done + begun - 1]] = how
        done += begun
    return findings


def _work(items: Iterable[tuple[str, int]], folder: Path, *, limit_s: float) -> None:
    from fuzz_targets import SELF_TESTS, SLOW_TARGETS, TARGETS, make_sound_data

    from pipeline.contract.errors import HandOffBroken, MalsoriError

    make_sound_data()  # Arrow reserves a gigabyte of addresses for its first array
    _limit_memory()
    for number, (name, seed) in enumerate(items):
        _say("seed", name, seed)
        _limit_time(limit_s)
        place = folder / f"{number}"
        place.mkdir()
        try:
            end = (TARGETS | SLOW_TARGETS | SELF_TESTS)[name](seed, place)
        except MalsoriError as error:
            str(error).encode(errors="backslashreplace")
            end = "broken" if isinstance(error, HandOffBroken) else "rejected"
        except BaseException as bug:  # noqa: BLE001 - what is looked for
            frame = traceback.extract_tb(bug.__traceback__)[-1]
            end = "bug"
            what = f"{type(bug).__name__} at {Path(frame.filename).name}:{frame.lineno}: {bug}"
            _say("bug", name, seed, what[:300])
        _say("end", name, seed, end)
        _limit_time(0)
        shutil.rmtree(place)
    _say("peak", _peak_mb())


def _limit_time(seconds: float) -> None:
    """Limit processor time, so that a busy machine is not taken for a hang; and, widely, the clock."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def _limit_memory() -> None:
    if sys.platform != "linux":
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _peak_mb() -> int:
    """This process's largest resident memory: `ru_maxrss` would include its parent's before `exec`."""
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _say(*parts: object) -> None:
    line = "\t".join(re.sub(r"[^\x20-\x7e]", "?", str(part)) for part in parts)
    print(line, flush=True)  # noqa: T201 - the worker's answer


if __name__ == "__main__":
    skip, first, last = map(int, sys.argv[2:5])
    with tempfile.TemporaryDirectory(prefix="malsori-fuzz-") as scratch:
        tempfile.tempdir = scratch
        todo = itertools.product(sys.argv[5:], range(first, last))
        _work(itertools.islice(todo, skip, None), Path(scratch), limit_s=float(sys.argv[1]))
