"""Progress of a run on stderr: a bar on a terminal, a line each 5 % without one."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

LINE_EVERY = 0.05


class Progress:
    """Hours done, speed against real time, drops so far and the time left.

    Args:
        total_s: Estimated seconds of audio of the whole run.
    """

    def __init__(self, *, total_s: float) -> None:
        self._total_s = max(total_s, 1e-9)
        self._done_s = 0.0
        self._kept = 0
        self._dropped = 0
        self._started = time.monotonic()
        self._next_line = LINE_EVERY
        self._bar = tqdm(
            total=round(total_s / 3600, 3),
            unit="h",
            disable=not sys.stderr.isatty(),
            bar_format="{percentage:3.0f}%|{bar}| {n:.2f}/{total:.2f} h [{elapsed}<{remaining}{postfix}]",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def update(self, *, done_s: float, kept: int, dropped: int) -> None:
        """Count a finished task: its estimated length, its kept and dropped utterances."""
        self._done_s += done_s
        self._kept += kept
        self._dropped += dropped
        if not self._bar.disable:
            self._bar.set_postfix_str(f" {self._speed():.0f}x real time, {self._dropped} dropped")
            self._bar.update(done_s / 3600)
            return
        share = self._done_s / self._total_s
        if share >= self._next_line:
            self._next_line = share + LINE_EVERY
            print(self._line(min(share, 1.0)), file=sys.stderr, flush=True)  # noqa: T201 - this is the output

    def _speed(self) -> float:
        return self._done_s / max(time.monotonic() - self._started, 1e-9)

    def _line(self, share: float) -> str:
        elapsed = time.monotonic() - self._started
        left = elapsed * (1 - share) / share
        return (
            f"{share:4.0%}  {self._done_s / 3600:.2f} of {self._total_s / 3600:.2f} h"
            f"  {self._speed():.0f}x real time  {self._kept} kept, {self._dropped} dropped"
            f"  {clock(left)} left"
        )


def clock(seconds: float) -> str:
    """Hours, minutes and seconds: 0:02:59."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


class RunLog:
    """Appends one JSON object a line to `<out>/run.jsonl`; runs follow each other in it."""

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
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
