"""Inside a worker: a breadcrumb that outlives a crash, and a limit on an utterance's time.

A decoder that crashes takes its process with it, and one that hangs in C code cannot be
interrupted from Python. So the worker writes down which utterance it is at, and an alarm
whose default action is to kill the process ends one that takes too long. The parent finds
the breadcrumb and knows whom to blame.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORKER_NICENESS = 10
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Watch:
    """The breadcrumb of one task and the alarm of its current utterance."""

    def __init__(self, descriptor: int, *, limit_s: float | None) -> None:
        self._descriptor = descriptor
        self._limit_s = limit_s

    def at(self, position: int) -> None:
        """Note that the utterance at `position` in the task is next, and start its time."""
        os.pwrite(self._descriptor, f"{position:<12}".encode(), 0)
        if self._limit_s is not None:
            signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def rest(self) -> None:
        """Stop the time: what comes now is no utterance's."""
        if self._limit_s is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def watched(crumb: Path, *, limit_s: float | None) -> Iterator[Watch]:
    """Keep a breadcrumb at `crumb` while a task runs; it stays only when the process dies."""
    crumb.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(crumb, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    watch = Watch(descriptor, limit_s=limit_s)
    try:
        yield watch
    finally:
        watch.rest()
        os.close(descriptor)
        crumb.unlink(missing_ok=True)


def read_crumb(crumb: Path) -> int | None:
    """The position that a dead worker was at, or None when it had not come to any."""
    try:
        return int(crumb.read_text())
    except (FileNotFoundError, ValueError):
        return None


def start_worker(parent: int) -> None:
    """Make this process a polite worker that does not outlive its parent.

    An orphan would go on writing shards under the eyes of the next run.
    """
    be_polite()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def be_polite() -> None:
    """Lower this process' priority to `WORKER_NICENESS`."""
    missing = WORKER_NICENESS - os.nice(0)
    if missing > 0:
        os.nice(missing)
