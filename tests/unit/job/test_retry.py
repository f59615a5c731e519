import os
import signal
from pathlib import Path

import pytest

from pipeline.contract.errors import MissingResource
from pipeline.job.folder import crumb_path
from pipeline.job.plan import Task, TaskContext
from pipeline.job.retry import run_tasks
from pipeline.job.watchdog import watched
from pipeline.record import Annotation, AudioSource, Utterance, UtteranceId
from pipeline.settings import PipelineSettings

POSITION = 2


def make_task(name: str) -> Task:
    utterances = tuple(
        Utterance(UtteranceId(f"c/{number}"), None, AudioSource(Path("u.wav")), "") for number in range(4)
    )
    return Task(name, "train", utterances, key="", estimated_s=1.0)


@pytest.fixture
def context(tmp_path):
    return TaskContext(tmp_path, tmp_path, Annotation.PLAIN, PipelineSettings())


def die_once(task: Task, context: TaskContext) -> Task:
    """In place of `finish_task`: the worker of `train-1` is killed at an utterance, the first time."""
    mark = context.out / f"{task.name}.died"
    with watched(crumb_path(context.out, task.name), limit_s=None) as watchdog:
        watchdog.start(POSITION)
        if task.name == "train-1" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return task


def die_at_an_utterance(task: Task, context: TaskContext) -> Task:
    with watched(crumb_path(context.out, task.name), limit_s=None) as watchdog:
        if not task.quarantined:
            watchdog.start(POSITION)
            os.kill(os.getpid(), signal.SIGKILL)
    return task


def die_at_once(task: Task, context: TaskContext) -> Task:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_stray_kill_costs_no_utterance(context, monkeypatch):
    monkeypatch.setattr("pipeline.job.retry.finish_task", die_once)
    tasks = [make_task(f"train-{number}") for number in range(3)]
    done = list(run_tasks(tasks, context, jobs=2))
    assert sorted(task.name for task in done) == ["train-0", "train-1", "train-2"]
    assert [task.quarantined for task in done] == [(), (), ()]


def test_an_utterance_that_kills_twice_is_not_tried_again(context, monkeypatch):
    monkeypatch.setattr("pipeline.job.retry.finish_task", die_at_an_utterance)
    (done,) = run_tasks([make_task("train-0")], context, jobs=1)
    assert done.quarantined == (("c/2", "it crashed its worker 2 times (SIGKILL)"),)


def test_workers_that_come_to_no_utterance_end_the_run(context, monkeypatch):
    monkeypatch.setattr("pipeline.job.retry.finish_task", die_at_once)
    with pytest.raises(MissingResource, match=r"\(SIGKILL\) before it came to any utterance, 2 times"):
        list(run_tasks([make_task("train-0")], context, jobs=1))
