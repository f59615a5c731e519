"""How many workers fit: affinity, container limits and free memory are honoured."""

from pathlib import Path

import joblib
import psutil

from pipeline.contract.errors import InputRejected

WORKER_MB = 400
"""What one worker takes (tests/bench/engine.py measures it)."""

CGROUP = Path("/sys/fs/cgroup")


def default_jobs() -> int:
    """All cores this process may use but one."""
    return max(1, int(joblib.cpu_count()) - 1)


def free_memory_mb() -> int:
    """Memory that may still be taken: the machine's, or what a container's limit leaves."""
    free = psutil.virtual_memory().available
    limit, used = _cgroup_bytes("memory.max"), _cgroup_bytes("memory.current")
    if limit is not None and used is not None:
        free = min(free, max(0, limit - used))
    return int(free // 1_000_000)


def fitting_jobs(jobs: int, *, max_memory_mb: int | None) -> int:
    """`jobs`, or as many as the memory holds: fewer workers rather than death.

    Args:
        max_memory_mb: What all workers together may take; None is what is free.

    Raises:
        InputRejected: `max_memory_mb` does not hold one worker.
    """
    memory_mb = free_memory_mb() if max_memory_mb is None else max_memory_mb
    fitting = memory_mb // WORKER_MB
    if fitting == 0 and max_memory_mb is not None:
        raise InputRejected(f"--max-memory {max_memory_mb} MB: one worker takes about {WORKER_MB} MB")
    return max(1, min(jobs, fitting))


def _cgroup_bytes(name: str) -> int | None:
    """A figure of control group v2, or None where there is none or no limit."""
    try:
        return int((CGROUP / name).read_text())
    except (OSError, ValueError):
        return None
