"""`run.jsonl`: what a run does, line by line, for machines."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


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
