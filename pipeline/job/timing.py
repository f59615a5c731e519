"""How long a worker spends in each stage, for `--profile`. A worker does one thing at a time."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

_seconds: defaultdict[str, float] = defaultdict(float)


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Add the block's wall time to `stage`."""
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
