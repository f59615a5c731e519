"""How many workers fit: CPU affinity, a container's limits and free memory are honoured."""

import math
import os
from pathlib import Path

from pipeline.contract.errors import InputRejected

WORKER_MB = 400
"""What one worker takes (tests/bench/engine.py measures it)."""

CGROUP = Path("/sys/fs/cgroup")


def default_jobs() -> int:
    """All cores that this process may use, but one."""
    return max(1, usable_cores() - 1)


def usable_cores() -> int:
    """Cores that this process may use: its affinity, or less where a container's quota says so."""
    # macOS has no affinity, and Python 3.11 and 3.12 have no os.process_cpu_count.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return math.ceil(min(cores, _quota_of_cores()))


def _quota_of_cores() -> float:
    """Cores' worth of time that this process' control group (version 2 or 1) grants; may be infinite."""
    words = _cgroup_words("cpu.max") or [
        *_cgroup_words("cpu/cpu.cfs_quota_us"), *_cgroup_words("cpu/cpu.cfs_period_us"),
    ]  # fmt: skip
    if len(words) == 2 and all(word.isdecimal() for word in words):
        return int(words[0]) / int(words[1])
    return math.inf


def free_memory_mb() -> int:
    """Memory that may still be taken: the machine's, or what a container's limit leaves."""
    import psutil

    free = psutil.virtual_memory().available
    words = [*_cgroup_words("memory.max"), *_cgroup_words("memory.current")]
    if len(words) == 2 and all(word.isdecimal() for word in words):
        free = min(free, max(0, int(words[0]) - int(words[1])))
    return int(free // 1_000_000)


def fitting_jobs(jobs: int, *, max_memory_mb: int | None) -> int:
    """`jobs`, or fewer if the memory does not hold as many.

    Args:
        max_memory_mb: What all workers together may take; None is all that is free.

    Raises:
        InputRejected: `max_memory_mb` does not hold one worker.
    """
    memory_mb = free_memory_mb() if max_memory_mb is None else max_memory_mb
    fitting = memory_mb // WORKER_MB
    if fitting == 0 and max_memory_mb is not None:
        raise InputRejected(
            f"--max-memory {max_memory_mb} MB holds no worker: one takes about {WORKER_MB} MB"
        )
    return max(1, min(jobs, fitting))


def _cgroup_words(name: str) -> list[str]:
    """What a file of this process' control group says; nothing where there is no such file."""
    try:
        return (CGROUP / name).read_text().split()
    except OSError:
        return []
