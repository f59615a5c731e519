"""Crashes, kills, full disks and hung decoders: nothing is lost, nothing half-written stays.

No test sleeps and hopes: each waits until what it wants to disturb has begun.
"""

import contextlib
import functools
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_corpus import manifest_content, preprocess_arguments, shard_bytes

from pipeline.corpora import READERS
from pipeline.job import task as task_module
from pipeline.job.plan import TaskContext, make_plan
from pipeline.job.retry import run_tasks
from pipeline.job.task import process_task
from pipeline.record import Annotation
from pipeline.settings import PipelineSettings

PATIENCE_S = 300.0
"""A limit for what takes seconds, so that a defect fails the test instead of hanging it."""

TRIES = 20
"""On a busy machine a run may be over before it is seen to have begun."""

MOMENTS = {
    "the folder is taken": (".lock", "parent"),
    "a task has begun": (".tasks/*.at", "parent"),
    "a shard is being written": (".*.arrow.*.tmp", "parent"),
    "a shard is being written, and a worker dies first": (".*.arrow.*.tmp", "worker"),
    "a shard is finished": ("*.arrow", "parent"),
    "a task is recorded": (".tasks/*-*.json", "parent"),
    "the files for Hugging Face are written": ("state.json", "parent"),
}
"""What is new in the shards' folder at the moment, and who is killed then."""


def command(corpus: Path, folder: Path, *extra: str) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, preprocess_arguments(corpus, folder)), *extra]


def stamps(folder: Path, pattern: str) -> set[tuple[str, int, int]]:
    """The files of a pattern, told apart from those of the same name that an earlier run left."""
    found = set()
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # it took its final name meanwhile
            facts = path.stat()
            found.add((path.name, facts.st_ino, facts.st_mtime_ns))
    return found


def kill_at(pattern: str, victim: str, run: subprocess.Popen, folder: Path) -> bool:
    """Kill a run, or first a worker and then the run, at its first new file of a pattern."""
    before = stamps(folder, pattern)
    while run.poll() is None and not stamps(folder, pattern) - before:
        time.sleep(0.002)
    in_time = run.poll() is None
    if victim == "worker":
        for worker in workers_of(run)[:1]:
            worker.kill()
            psutil.wait_procs([worker], timeout=PATIENCE_S)
    run.kill()
    run.wait()
    return in_time


def test_kills_at_every_moment_change_no_byte(dataset, kspon_corpus, tmp_path):
    """Every run goes on where the one that was killed before it stopped; the last may finish."""
    two = command(kspon_corpus, tmp_path, "--jobs", "2")
    for moment, (pattern, victim) in MOMENTS.items():
        for _ in range(TRIES):
            run = subprocess.Popen(two, stderr=subprocess.DEVNULL)
            if kill_at(pattern, victim, run, tmp_path / "shards"):
                break
            shutil.rmtree(tmp_path / "shards")  # the run was faster: once more, from nothing
        else:
            pytest.fail(f"no run was seen at the moment when {moment}")
    subprocess.run(two, check=True, capture_output=True)
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)
    assert manifest_content(tmp_path / "small.json") == manifest_content(dataset)
    assert not list((tmp_path / "shards").rglob("*.tmp"))


def workers_of(run: subprocess.Popen) -> list[psutil.Process]:
    """The workers that a run has started by now; loky starts them after the first tasks are queued."""
    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(run.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended between the listing and the question
                if any("loky.backend.popen" in word for word in child.cmdline()):
                    found.append(child)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_workers_do_not_outlive_a_killed_parent(kspon_corpus, tmp_path):
    for _ in range(TRIES):
        run = subprocess.Popen(command(kspon_corpus, tmp_path, "--jobs", "2"), stderr=subprocess.DEVNULL)
        workers: list[psutil.Process] = []
        while len(workers) < 2 and run.poll() is None:
            workers = workers_of(run)
            time.sleep(0.01)
        run.kill()
        run.wait()
        if len(workers) == 2:
            break
        shutil.rmtree(tmp_path / "shards")
    assert len(workers) == 2, "every run ended before its workers were seen"
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert not alive


def hear_ctrl_c() -> None:
    """What runs in the background (`nohup make test &`) is born deaf to it, and so are its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_is_130_and_the_same_command_goes_on(dataset, kspon_corpus, tmp_path):
    for _ in range(TRIES):
        shutil.rmtree(tmp_path / "shards", ignore_errors=True)
        run = subprocess.Popen(
            command(kspon_corpus, tmp_path),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - no other thread runs here
        )
        while not (tmp_path / "shards" / ".tasks").exists() and run.poll() is None:
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=PATIENCE_S)
        if run.returncode != 0:
            break
    assert run.returncode == 130
    assert "the same command goes on where it stopped" in said
    assert "Traceback" not in said
    subprocess.run(command(kspon_corpus, tmp_path), check=True, capture_output=True)
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)


def deadly(task, context, *, harm):
    """`process_task`, but for the decoder: the 9th utterance crashes or hangs its process."""
    sound = task_module.prepare_clip

    def harmful(recording, **settings):
        if recording.source.length == HARMFUL_SAMPLES:
            harm()
        return sound(recording, **settings)

    task_module.prepare_clip = harmful
    return process_task(task, context)


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    """Hang past the limit on an utterance's time, of which all but a moment passes at once."""
    left_s, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left_s <= LIMIT_S, "nothing limits the time of this utterance"
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(PATIENCE_S)


LIMIT_S = 60.0  # the others take milliseconds
HARMFUL_SAMPLES = round((2.5 * 2 + 5) * 16_000)  # utterance 6, the only one with a pause


@pytest.mark.parametrize(
    ("harm", "limit_s", "detail"),
    [
        (segfault, None, "it crashed its worker 2 times (SIGSEGV)"),
        (hang, LIMIT_S, "it took longer than 60 s"),
    ],
)
def test_an_utterance_that_kills_or_hangs_its_worker_is_dropped_by_name(
    kspon_corpus, tmp_path, monkeypatch, harm, limit_s, detail
):
    settings = PipelineSettings()
    plan = make_plan(READERS["kspon"], kspon_corpus, settings=settings, versions={}, limit=None)
    context = TaskContext(kspon_corpus, tmp_path, Annotation.KSPON, settings, limit_s=limit_s)
    monkeypatch.setattr("pipeline.job.retry.finish_task", functools.partial(deadly, harm=harm))
    records = list(run_tasks(plan.tasks, context, jobs=2))
    failed = [line for record in records for line in record.dropped if line.stage == "worker"]
    assert [(line.id, line.reason, line.detail) for line in failed] == [
        ("kspon/KsponSpeech_000006", "failed", detail)
    ]
    assert sum(record.shard.rows for record in records) == 20


def test_a_bug_names_its_utterance_and_keeps_its_traceback(kspon_corpus, tmp_path, monkeypatch):
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("pipeline.job.task.prepare_clip", break_down)
    settings = PipelineSettings()
    plan = make_plan(READERS["kspon"], kspon_corpus, settings=settings, versions={}, limit=None)
    with pytest.raises(ZeroDivisionError) as caught:
        process_task(plan.tasks[0], TaskContext(kspon_corpus, tmp_path, Annotation.KSPON, settings))
    assert caught.value.__notes__ == ["while processing the audio of utterance kspon/KsponSpeech_000001"]
    assert not list(tmp_path.rglob("*.arrow"))


def test_a_limit_on_file_sizes_is_one_clear_line(dataset, kspon_corpus, tmp_path):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    run = subprocess.run(
        command(kspon_corpus, tmp_path), preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert run.returncode == 6, run.stderr
    assert "File too large" in run.stderr
    assert "goes on where it stopped" in run.stderr
    assert not list(tmp_path.rglob("*.arrow"))
    assert not (tmp_path / "small.json").exists()
    subprocess.run(command(kspon_corpus, tmp_path), check=True, capture_output=True)
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)


def test_a_full_disk_is_one_clear_line_and_more_space_is_enough(dataset, kspon_corpus, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        run = subprocess.run(command(kspon_corpus, disk), capture_output=True, text=True, check=False)
        assert run.returncode == 6, run.stderr
        assert "No space left on device" in run.stderr
        assert not list(disk.rglob("*.arrow"))
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        subprocess.run(command(kspon_corpus, disk), check=True, capture_output=True)
        assert shard_bytes(disk / "small.json") == shard_bytes(dataset)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
