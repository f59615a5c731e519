"""Spreading tasks over worker processes, as a good citizen of a shared machine.

Workers run at low priority with one thread each; by default one core stays free. Results are
small records and arrive in any order, so the parent's memory does not grow with the corpus.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from pipeline.contract.errors import InputRejected, MalsoriError

WORKER_NICENESS = 10

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class WorkerDied(MalsoriError):
    """A worker process was killed from outside: out of memory, or by a signal."""

    exit_code = 1


def default_jobs() -> int:
    """All cores this process may use but one; affinity and container limits are honoured."""
    return max(1, int(joblib.cpu_count()) - 1)


def run_tasks(
    function: Callable[[TaskT], ResultT], tasks: Iterable[TaskT], *, jobs: int
) -> Iterator[ResultT]:
    """Results of `function` over `tasks`, as they finish.

    Raises:
        WorkerDied: A worker was killed; what other tasks finished is kept.
    """
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1 if jobs > 1 else None):
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")
        try:
            yield from parallel(joblib.delayed(_run_politely)(function, task) for task in tasks)
        except TerminatedWorkerError as error:
            raise WorkerDied(
                f"a worker was killed, most likely for want of memory with {jobs} jobs:"
                " the same command with a smaller --jobs goes on where it stopped"
            ) from error


def _run_politely(function: Callable[[TaskT], ResultT], task: TaskT) -> ResultT:
    be_polite()
    return function(task)


def be_polite() -> None:
    """Lower this process' priority to `WORKER_NICENESS`, once."""
    missing = WORKER_NICENESS - os.nice(0)
    if missing > 0:
        os.nice(missing)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this run alone; the lock goes with the process, however it ends.

    Raises:
        InputRejected: Another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputRejected(
                f"another run is writing to {folder}: wait for it, or give another --out"
            ) from error
        yield
