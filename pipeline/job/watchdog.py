"""Inside a worker: a breadcrumb that outlives a crash, and a limit on an utterance's time.

A decoder that crashes takes its process with it, and one that hangs in C code cannot be
interrupted from Python. So the worker writes down which utterance it is at, and an alarm whose
default action kills the process ends an utterance that takes too long. The parent then reads the
breadcrumb and knows which utterance to blame.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.contract.files import open_own


class Watchdog:
    """The breadcrumb of one task, and the alarm of its current utterance."""

    def __init__(self, descriptor: int, *, limit_s: float | None) -> None:
        self._descriptor = descriptor
        self._limit_s = limit_s

    def start(self, position: int) -> None:
        """Note that the utterance at `position` in the task is next, and start its time."""
        os.pwrite(self._descriptor, f"{position:<12}".encode(), 0)
        if self._limit_s is not None:
            signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def stop(self) -> None:
        """Stop the time: what follows belongs to no utterance."""
        if self._limit_s is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def watched(crumb: Path, *, limit_s: float | None) -> Iterator[Watchdog]:
    """Keep a breadcrumb at `crumb` while a task runs; it stays only if the process dies."""
    crumb.parent.mkdir(parents=True, exist_ok=True)
    descriptor = open_own(crumb, os.O_TRUNC)
    watchdog = Watchdog(descriptor, limit_s=limit_s)
    try:
        yield watchdog
    finally:
        watchdog.stop()
        os.close(descriptor)
        crumb.unlink(missing_ok=True)


def read_crumb(crumb: Path) -> int | None:
    """The position that a dead worker was at, or None if it had not come to any."""
    try:
        return int(crumb.read_text())
    except (FileNotFoundError, ValueError):
        return None
