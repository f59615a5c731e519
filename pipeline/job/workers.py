"""Worker processes on this machine, through joblib's loky; a crash costs one utterance at most.

When a worker dies, its pool is gone and every task in flight with it. Those tasks are then
run alone, one at a time: the one that kills its worker again is handed back as `Crashed`, the
others were only bystanders. Results do not depend on any of this.
"""

import os
import re
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from itertools import islice
from typing import Any, Generic, TypeVar

from joblib.externals.loky.process_executor import BrokenProcessPool, ProcessPoolExecutor

AHEAD = 2
"""Tasks handed out per worker, so that none waits for the parent."""

THREAD_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")
WORKER_NICENESS = 10
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Crashed(Generic[TaskT]):
    """A task that crashed its worker again when it ran alone, and the signal that killed the worker."""

    task: TaskT
    cause: str


def run_local(
    function: Callable[[TaskT], ResultT], tasks: Iterable[TaskT], *, jobs: int
) -> Iterator[ResultT | Crashed[TaskT]]:
    """Results of `function` over `tasks`, as they finish, from `jobs` worker processes.

    An exception of `function` ends all workers and is raised here.
    """
    waiting = iter(tasks)
    while True:
        lost = yield from _run_pool(function, waiting, jobs=jobs)
        if not lost:
            return
        for task in lost:
            yield _run_alone(function, task)


def _run_pool(
    function: Callable[[TaskT], ResultT], waiting: Iterator[TaskT], *, jobs: int
) -> Generator[ResultT, None, list[TaskT]]:
    """Results until all is done or a worker dies; returns the tasks that were lost with it."""
    in_flight: dict[Future[ResultT], TaskT] = {}
    with _pool(jobs) as pool:
        while True:
            for task in islice(waiting, AHEAD * jobs - len(in_flight)):
                try:
                    in_flight[pool.submit(function, task)] = task
                except BrokenProcessPool:
                    return [*in_flight.values(), task]
            if not in_flight:
                return []
            done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    result = future.result()
                except BrokenProcessPool:
                    return list(in_flight.values())
                del in_flight[future]
                yield result


def _run_alone(function: Callable[[TaskT], ResultT], task: TaskT) -> ResultT | Crashed[TaskT]:
    with _pool(1) as pool:
        try:
            result: ResultT = pool.submit(function, task).result()
        except BrokenProcessPool as death:
            return Crashed(task, _cause(death))
    return result


@contextmanager
def _pool(jobs: int) -> Iterator[Any]:
    pool = ProcessPoolExecutor(
        max_workers=jobs,
        initializer=_settle_in,
        initargs=(os.getpid(),),
        env=dict.fromkeys(THREAD_POOLS, "1"),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _cause(death: BrokenProcessPool) -> str:
    signals = re.findall(r"SIG[A-Z]+", str(death))
    return signals[0] if signals else "no signal"


def _settle_in(parent: int) -> None:
    """Make this process a polite worker that does not outlive its run.

    An orphan would go on writing shards while the next run does.
    """
    os.nice(max(0, WORKER_NICENESS - os.nice(0)))
    sys.meta_path.insert(0, _PandasHider())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class _PandasHider(MetaPathFinder):
    """Makes `import pandas` fail in a worker as if it were not installed.

    Wherever it is installed, pyarrow imports it to ask whether a list is a pandas Series: a second
    of processor time in each worker, more than all other imports together.
    """

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuse pandas; leave every other module to the next finder."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is hidden from pyarrow", name="pandas")
