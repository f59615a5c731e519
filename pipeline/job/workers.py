"""Worker processes on this machine. Each does one task at a time; a crash costs one task's time.

The parent hands a worker its next task over a pipe and waits for the results of all of them.
When a worker dies, the parent knows which task it had and what killed it; it hands the task back
as `Crashed` and starts another worker. Results do not depend on any of this.

On Linux, workers are forked from a server process (multiprocessing's forkserver) that has loaded
the stages once: starting eight workers costs little more than starting one. Elsewhere each
worker is a new Python process.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

WORKER_ENVIRONMENT = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1"
) | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""One thread a worker, and none in the server: a process with threads cannot be forked safely."""

WORKER_NICENESS = 10
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

if sys.platform == "linux":
    _CONTEXT = multiprocessing.get_context("forkserver")
else:
    _CONTEXT = multiprocessing.get_context("spawn")

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Crashed(Generic[TaskT]):
    """A task whose worker died, and what killed it: the name of a signal, or an exit code."""

    task: TaskT
    cause: str


@dataclass(frozen=True, slots=True)
class _Raised:
    """An exception that a task raised in a worker, for the parent to raise."""

    error: Exception


def load_in_server(module: str) -> None:
    """Let the server that workers are forked from start now, and load `module` meanwhile.

    It is loaded once for all workers instead of once in each. Does nothing where workers are not
    forked, nor when the server is running already.
    """
    if sys.platform == "linux":
        _CONTEXT.set_forkserver_preload(["__main__", module])
        with _worker_environment():
            forkserver.ensure_running()


def run_local(
    function: Callable[[TaskT], ResultT], tasks: Iterable[TaskT], *, jobs: int
) -> Iterator[ResultT | Crashed[TaskT]]:
    """Results of `function` over `tasks`, as they finish, from at most `jobs` worker processes.

    An exception of `function` ends all workers and is raised here.
    """
    waiting = iter(tasks)
    idle: list[_Worker[TaskT, ResultT]] = []
    busy: dict[Any, _Worker[TaskT, ResultT]] = {}
    try:
        while True:
            for task in islice(waiting, jobs - len(busy)):
                worker = idle.pop() if idle else _Worker(function)
                busy[worker.connection] = worker
                worker.begin(task)
            if not busy:
                return
            for connection in wait(list(busy)):
                worker = busy.pop(connection)
                result = worker.finish()
                if not isinstance(result, Crashed):
                    idle.append(worker)
                yield result
    finally:
        for worker in (*idle, *busy.values()):
            worker.kill()


class _Worker(Generic[TaskT, ResultT]):
    """The parent's end of a worker process."""

    def __init__(self, function: Callable[[TaskT], ResultT]) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_work, args=(function, theirs), daemon=True)
        with _worker_environment():
            self._process.start()
        theirs.close()

    def begin(self, task: TaskT) -> None:
        """Hand the worker its next task."""
        self._task = task
        with suppress(BrokenPipeError):  # the worker died while it was idle: `finish` will notice
            self.connection.send(task)

    def finish(self) -> ResultT | Crashed[TaskT]:
        """The result of the worker's task; waits for it. Raises what the task raised."""
        try:
            result: ResultT | _Raised = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return Crashed(self._task, _cause(self._process.exitcode))
        if isinstance(result, _Raised):
            raise result.error
        return result

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self.connection.close()


@contextmanager
def _worker_environment() -> Iterator[None]:
    """What a process that is started in this block finds in its environment."""
    before = {name: os.environ.get(name) for name in WORKER_ENVIRONMENT}
    os.environ.update(WORKER_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"


def _work(function: Callable[[TaskT], ResultT], connection: Connection) -> None:
    """The life of a worker: tasks in, results out, until the parent is gone."""
    _settle_in()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        result: ResultT | _Raised
        try:
            result = function(task)
        except Exception as error:  # noqa: BLE001 - the parent raises it
            result = _Raised(_portable(error))
        connection.send(result)


def _settle_in() -> None:
    """Make this process a polite worker that does not outlive its run.

    An orphan would go on writing shards while the next run does.
    """
    os.nice(max(0, WORKER_NICENESS - os.nice(0)))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():
        os._exit(1)


def _portable(error: Exception) -> Exception:
    """`error` with the worker's traceback as a note, in a form that the parent can unpickle."""
    told = "".join(traceback.format_exception(error))
    error.add_note(f"In the worker:\n{told}")
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except (pickle.PickleError, AttributeError, TypeError, ValueError):
        return RuntimeError(told)
    return error
