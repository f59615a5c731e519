"""What a run says while it works: progress on stderr, events in run.jsonl, seconds by stage."""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.contract.files import open_own
from pipeline.contract.terminal import print_note

LINE_EVERY = 0.05


class Progress:
    """Hours of speech so far, speed against real time, drops so far and the time left.

    A bar where stderr is a terminal, a line every 5 % where it is not. What is left is estimated
    from the sizes of files; what is done was measured, and corrects the estimate of the rest.

    Args:
        total_s: Estimated seconds of audio that the run has to do.
    """

    def __init__(self, *, total_s: float) -> None:
        self._total_s = max(total_s, 1e-9)
        self._done_s = 0.0
        self._heard_s = 0.0
        self._kept = 0
        self._dropped = 0
        self._started = time.monotonic()
        self._next_line = LINE_EVERY
        self._bar = _terminal_bar(total_s / 3600) if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def expect(self, seconds: float) -> None:
        """There is more to do than was known: this many seconds of audio, as estimated."""
        self._next_line *= self._total_s / (self._total_s + seconds)
        self._total_s += seconds
        if self._bar is not None:
            self._bar.total = self._total_s / 3600

    def update(self, *, estimated_s: float, heard_s: float, kept: int, dropped: int) -> None:
        """Count a finished task.

        Args:
            estimated_s: The estimate of its length that is part of the total.
            heard_s: The length of the utterances that it kept.
            kept: How many these are.
            dropped: How many it dropped.
        """
        self._done_s += estimated_s
        self._heard_s += heard_s
        self._kept += kept
        self._dropped += dropped
        if self._bar is not None:
            figures = f"{self._hours()}, {self._speed():.0f}x real time, {self._dropped} dropped"
            self._bar.set_postfix_str(f" {figures}")
            self._bar.update(estimated_s / 3600)
            return
        share = self._done_s / self._total_s
        if share >= self._next_line:
            self._next_line = share + LINE_EVERY
            print_note(self._line(min(share, 1.0)))

    def _speed(self) -> float:
        return self._heard_s / max(time.monotonic() - self._started, 1e-9)

    def _hours(self) -> str:
        """Hours of kept speech so far, and what that makes of all."""
        total_s = self._heard_s * max(1.0, self._total_s / max(self._done_s, 1e-9))
        return f"{self._heard_s / 3600:.2f} of about {total_s / 3600:.2f} h"

    def _line(self, share: float) -> str:
        elapsed = time.monotonic() - self._started
        left = elapsed * (1 - share) / share
        return (
            f"{share:4.0%}  {self._hours()}"
            f"  {self._speed():.0f}x real time  {self._kept} kept, {self._dropped} dropped"
            f"  {clock(left)} left"
        )


def _terminal_bar(total_h: float) -> Any:
    from tqdm import tqdm

    return tqdm(
        total=round(total_h, 3),
        unit="h",
        bar_format="{percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]",
    )


def clock(seconds: float) -> str:
    """Hours, minutes and seconds: 0:02:59."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


class EventLog:
    """Appends one JSON object a line to `run.jsonl`; later runs follow earlier ones in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started = time.monotonic()

    def write(self, event: str, **facts: Any) -> None:
        """Append one event with its time (UTC) and the seconds since the run began."""
        line = {
            "event": event,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "elapsed_s": round(time.monotonic() - self._started, 3),
            **facts,
        }
        with os.fdopen(open_own(self._path, os.O_APPEND), "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


_seconds: defaultdict[str, float] = defaultdict(float)


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Add the block's wall time to `stage`; a worker does one thing at a time."""
    started = time.perf_counter()
    try:
        yield
    finally:
        _seconds[stage] += time.perf_counter() - started


def take_timings() -> dict[str, float]:
    """Seconds by stage since the last call."""
    timings = dict(_seconds)
    _seconds.clear()
    return timings
