"""Run every task to completion: tasks whose worker died run again, without the utterance to blame."""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.contract.errors import MissingResource
from pipeline.contract.files import file_sha256
from pipeline.job.folder import crumb_path, shard_path
from pipeline.job.plan import Task, TaskContext
from pipeline.job.records import TaskRecord, read_record
from pipeline.job.watchdog import read_crumb
from pipeline.job.workers import Crashed, run_local

STRIKES = 2
"""Crashes at the same place before the utterance is dropped; a single crash may be chance."""

TIMED_OUT = "SIGALRM"

Deaths = Counter[tuple[str, int | None]]
"""How often the worker of a task died at a position, or before it came to any (None)."""


def run_tasks(tasks: Sequence[Task], context: TaskContext, *, jobs: int) -> Iterator[TaskRecord]:
    """The records of `tasks`, as they finish.

    A worker that crashes, is killed or hangs costs at most the utterance it was at, which is
    dropped by name. Its task is run again when the others are done, alone, so that it
    has all the memory there is.

    Raises:
        MissingResource: Workers die before they come to any utterance.
    """
    function = functools.partial(finish_task, context=context)
    deaths: Deaths = Counter()
    pending = tasks
    while pending:
        crashed: list[Task] = []
        for result in run_local(function, pending, jobs=min(jobs, len(pending))):
            if isinstance(result, Crashed):
                crashed.append(_without_culprit(result, context, deaths))
            else:
                yield result
        pending, jobs = crashed, 1


def _without_culprit(crash: Crashed[Task], context: TaskContext, deaths: Deaths) -> Task:
    """The task to run again: without the utterance it died at, once that one is to blame."""
    task = crash.task
    position = read_crumb(crumb_path(context.out, task.name))
    deaths[task.name, position] += 1
    if deaths[task.name, position] < STRIKES and crash.cause != TIMED_OUT:
        return task
    if position is None:
        raise MissingResource(
            f"the worker of {task.name} was killed ({crash.cause}) before it came to any utterance,"
            f" {STRIKES} times: most likely for want of memory; the same command with a smaller --jobs"
            " goes on where it stopped"
        )
    culprit = task.utterances[position].id
    return replace(task, quarantined=(*task.quarantined, (culprit, _detail(crash.cause, context))))


def _detail(cause: str, context: TaskContext) -> str:
    if cause == TIMED_OUT:
        return f"it took longer than {context.limit_s:g} s"
    return f"it crashed its worker {STRIKES} times ({cause})"


def finish_task(task: Task, context: TaskContext) -> TaskRecord:
    """In a worker: do a task, unless it is already finished, and return its record."""
    crumb_path(context.out, task.name).unlink(missing_ok=True)  # of a worker that died long ago
    record = read_record(context.out, task.name, key=task.key)
    if record is not None and _is_intact(context.out, record):
        return record
    from pipeline.job.task import process_task  # loads the stages: only workers with something to do pay

    return process_task(task, context)


def _is_intact(out: Path, record: TaskRecord) -> bool:
    """Whether the shard of a recorded task is there, byte for byte."""
    path = shard_path(out, record.name)
    if record.shard is None:
        return not path.exists()
    return (
        path.is_file()
        and path.stat().st_size == record.shard.bytes
        and file_sha256(path) == record.shard.sha256
    )
