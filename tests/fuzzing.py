"""Fuzzing in a process of its own: `python tests/fuzzing.py LIMIT_S SKIP NAME:FIRST:LAST...` is the worker.

The worker announces each input before it tries it, so a crash can be blamed on the right one. An input
that computes for longer than LIMIT_S seconds, or takes three times that by the clock, kills the worker
and all that it started. An input that asks for over 1 GB more memory than the worker had before its
first one fails (Linux only: macOS does not enforce such limits); so does one that writes outside the
folder it was given.
"""

import contextlib
import ctypes
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_S = 10.0
"""Of processor time: many times what the slowest input takes."""
CLOCK = 3.0
"""By the clock, an input may take this many times its processor time: a machine is busy, a pipe is not."""
START_S = 300.0
"""What a worker may take to import everything and make its sound data, on the busiest machine."""
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
MEMORY_BYTES = 2**30
"""Three times what all seeds of the tests take together."""


@dataclass
class Findings:
    """How ranges of seeds ended, for each target.

    Attributes:
        ends: By target, how many seeds ended which way.
        failures: By (target, seed), what went wrong: a crash, a hang, a bug, memory.
        peak_mb: The largest resident memory of any worker; for reading, not for asserting.
    """

    ends: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: dict[tuple[str, int], str] = field(default_factory=dict)
    peak_mb: int = 0

    def take(self, line: str) -> None:
        """Record a line of a worker's output."""
        kind, *parts = line.split("\t")
        if kind == "seed":
            self.ends[parts[0]]["lost"] += 1
        elif kind == "end":
            self.ends[parts[0]].subtract(["lost"])
            self.ends[parts[0]][parts[2]] += 1
        elif kind == "bug":
            self.failures[parts[0], int(parts[1])] = parts[2]
        elif kind == "peak":
            self.peak_mb = max(self.peak_mb, int(parts[0]))


def run_targets(seeds: Mapping[str, range], *, limit_s: float = LIMIT_S) -> Findings:
    """Try the seeds of every target, in a new worker after each crash.

    Args:
        seeds: By target.
        limit_s: Processor time that one input may take, in seconds.
    """
    findings = Findings()
    items = [(name, seed) for name, several in seeds.items() for seed in several]
    ranges = [f"{name}:{several.start}:{several.stop}" for name, several in seeds.items()]
    done = 0
    while done < len(items):
        begun, death = _run_worker([str(limit_s), str(done), *ranges], findings, limit_s=limit_s)
        if death is None:
            break
        if not begun:
            raise RuntimeError(death)
        findings.failures[items[done + begun - 1]] = death
        done += begun
    return findings


def _run_worker(arguments: list[str], findings: Findings, *, limit_s: float) -> tuple[int, str | None]:
    """Run one worker; gives the number of inputs it began, and how it died if it did."""
    begun, death = 0, None
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryDirectory(prefix="malsori-fuzz-") as scratch:
        worker = subprocess.Popen(
            [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, stderr=errors,
            start_new_session=True, env=os.environ | {"TMPDIR": os.path.realpath(scratch)},
        )  # fmt: skip
        try:
            for line in _lines_in_time(worker, limit_s=limit_s):
                begun += line.startswith("seed\t")
                findings.take(line)
        except TimeoutError:
            death = "took too long"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL if death else 0)
            code = worker.wait()
            worker.stdout.close()
        if code and death is None:
            errors.seek(0)
            died = (
                signal.Signals(-code).name
                if code < 0
                else errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            )
            death = "took too long" if died == "SIGPROF" else f"crashed: {died}"
    return begun, death


def _lines_in_time(worker: subprocess.Popen, *, limit_s: float) -> Iterator[str]:
    """The lines of a worker's output. Raises TimeoutError when it is silent for too long."""
    rest, patience_s = b"", START_S
    while select.select([worker.stdout], [], [], patience_s)[0]:
        content = os.read(worker.stdout.fileno(), 2**16)
        if not content:
            return
        patience_s = CLOCK * limit_s
        *lines, rest = (rest + content).split(b"\n")
        yield from (line.decode("ascii") for line in lines)
    raise TimeoutError


class _Worker:
    """The other side: tries inputs, and says how each ended."""

    def __init__(self, folder: Path, *, limit_s: float) -> None:
        self.folder = folder
        self.limit_s = limit_s
        # What the inputs print, they and their children, goes elsewhere.
        self.answers = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def work(self, seeds: Mapping[str, range], *, skip: int) -> None:
        from fuzz_targets import ALL_TARGETS

        items = [(name, seed) for name, several in seeds.items() for seed in several][skip:]
        targets = {name: ALL_TARGETS[name] for name in dict.fromkeys(name for name, _ in items)}
        for target in targets.values():
            target.prepare()
        _limit_memory()
        sys.addaudithook(self._stay_inside)
        self._say("peak", _peak_mb())  # and the clock begins
        for number, (name, seed) in enumerate(items):
            self._say("seed", name, seed)
            place = self.folder / f"{number}"
            place.mkdir()
            signal.setitimer(signal.ITIMER_PROF, self.limit_s)
            end = self._try(name, seed, place, targets[name].attempt)
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._say("end", name, seed, end)
            shutil.rmtree(place)
        self._say("peak", _peak_mb())

    def _try(self, name: str, seed: int, place: Path, attempt) -> str:
        from pipeline.contract.errors import HandOffBroken, MalsoriError

        try:
            return attempt(seed, place)
        except MalsoriError as error:
            str(error).encode(errors="backslashreplace")
            return "broken" if isinstance(error, HandOffBroken) else "rejected"
        except BaseException as bug:  # noqa: BLE001 - what is looked for
            frame = traceback.extract_tb(bug.__traceback__)[-1]
            what = f"{type(bug).__name__} at {Path(frame.filename).name}:{frame.lineno}: {bug}"
            self._say("bug", name, seed, what[:300])
            return "bug"

    def _stay_inside(self, event: str, arguments: tuple[object, ...]) -> None:
        """An audit hook: whatever is made, changed or removed lies in the folder."""
        if event == "open":
            path, _, flags = arguments
            written = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            paths = [path] if written else []
        elif event in WRITES and arguments[-1] == -1:  # else relative to an open folder: rmtree's way
            paths = list(arguments[: WRITES[event]])
        else:
            return
        for path in paths:
            if isinstance(path, str | bytes | os.PathLike):
                real = os.fsdecode(os.path.realpath(path))
                if not real.startswith((str(self.folder), "/dev/")):
                    raise PermissionError(f"outside: {event} {real!r}")

    def _say(self, *parts: object) -> None:
        line = "\t".join(re.sub(r"[^\x20-\x7e]", "?", str(part)) for part in parts)
        print(line, file=self.answers, flush=True)


WRITES = {"os.mkdir": 1, "os.rename": 2, "os.remove": 1, "os.rmdir": 1}
"""Audit events that change files, and how many of their arguments are paths; the last is a folder."""


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


def _main(limit_s: str, skip: str, *ranges: str) -> None:
    sys.dont_write_bytecode = True
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(
            PR_SET_PDEATHSIG, signal.SIGKILL
        )  # one that waits on a pipe would wait for ever
    seeds = {}
    for each in ranges:
        name, first, last = each.rsplit(":", 2)
        seeds[name] = range(int(first), int(last))
    _Worker(Path(tempfile.gettempdir()), limit_s=float(limit_s)).work(seeds, skip=int(skip))


if __name__ == "__main__":
    _main(*sys.argv[1:])
