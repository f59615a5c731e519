"""Spreading a plan's tasks over workers, and finding the utterance that kills them."""

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pipeline.contract.errors import MissingResource
from pipeline.job.plan import Task
from pipeline.job.task import Job, TaskRecord, crumb_path, process_task
from pipeline.job.watchdog import read_crumb
from pipeline.job.workers import Crashed, run_local
from pipeline.record import UtteranceId

STRIKES = 2
"""Deaths at one utterance, alone, before it is blamed; a stray kill hits another one."""

TIMED_OUT = "SIGALRM"


def spread_tasks(
    tasks: Sequence[Task],
    job: Job,
    *,
    jobs: int,
    process: Callable[..., TaskRecord] = process_task,
) -> Iterator[TaskRecord]:
    """The records of `tasks`, as they finish.

    A worker that crashes, is killed or hangs costs at most the utterance it was at, which is
    dropped by name.

    Args:
        process: Does a task, as `process_task`; a test passes one that crashes.

    Raises:
        MissingResource: Workers die before they come to any utterance.
    """
    function = functools.partial(process, job=job)
    strikes: Counter[tuple[str, UtteranceId]] = Counter()
    pending: Sequence[Task] = tasks
    while pending:
        crashed: list[Task] = []
        for outcome in run_local(function, pending, jobs=jobs):
            if isinstance(outcome, Crashed):
                crashed.append(_after_crash(outcome, job, strikes))
            else:
                yield outcome
        pending = crashed


def _after_crash(crash: Crashed[Task], job: Job, strikes: Counter[tuple[str, UtteranceId]]) -> Task:
    """The task to run again, without the utterance if that is to blame."""
    task = crash.task
    position = read_crumb(crumb_path(job.out, task.name))
    if position is None:
        raise MissingResource(
            f"the worker of {task.name} was killed ({crash.cause}) before it came to any utterance:"
            " most likely for want of memory; the same command with a smaller --jobs goes on where it stopped"
        )
    culprit = task.utterances[position].id
    strikes[task.name, culprit] += 1
    if strikes[task.name, culprit] < STRIKES and crash.cause != TIMED_OUT:
        return task
    return replace(task, quarantined=(*task.quarantined, (culprit, _detail(crash.cause, job))))


def _detail(cause: str, job: Job) -> str:
    if cause == TIMED_OUT:
        return f"it took longer than {job.limit_s:g} s"
    return f"its worker died of it, {STRIKES} times: {cause}"
