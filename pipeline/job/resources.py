"""How many workers fit: CPU affinity, a container's limits and free memory are honoured."""

from pathlib import Path

from pipeline.contract.errors import InputRejected

WORKER_MB = 400
"""What one worker takes (tests/bench/engine.py measures it)."""

CGROUP = Path("/sys/fs/cgroup")


def default_jobs() -> int:
    """All cores that this process may use, but one."""
    import joblib

    return max(1, int(joblib.cpu_count()) - 1)


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
