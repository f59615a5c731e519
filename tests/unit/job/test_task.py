"""A task among files that are no recordings, texts that take for ever, and bugs."""

import functools
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from table_corpus import TEXT, make_recording

from pipeline.job import task as task_module
from pipeline.job.plan import Task, TaskContext
from pipeline.job.retry import run_tasks
from pipeline.job.task import process_task
from pipeline.record import Annotation, AudioSource, TextFile, Utterance, UtteranceId
from pipeline.settings import PipelineSettings

PATIENCE_S = 300.0
LIMIT_S = 60.0
SLOW = "아주 느린 글입니다"


def utterance(name: str, path: Path, transcript: str | TextFile = TEXT) -> Utterance:
    return Utterance(UtteranceId(f"c/{name}"), None, AudioSource(path), transcript)


def task_of(*utterances: Utterance) -> Task:
    return Task("train-00000", "train", utterances, key="", estimated_s=1.0)


def context(folder: Path) -> TaskContext:
    return TaskContext(folder, folder / "out", Annotation.PLAIN, PipelineSettings(), limit_s=LIMIT_S)


def link_in_a_circle(path: Path) -> None:
    path.symlink_to(path.name)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(f"{path}.fifo")
    path.symlink_to(f"{path}.fifo")


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.bind(str(path))


NO_RECORDINGS = {
    "link in a circle": (link_in_a_circle, "unreadable_audio"),
    "link to nowhere": (lambda path: path.symlink_to("nothing"), "missing_audio"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "unreadable_audio"),
    "pipe": (os.mkfifo, "unreadable_audio"),
    "link to a pipe": (link_to_a_pipe, "unreadable_audio"),
    "socket": (listen, "unreadable_audio"),
    "folder": (Path.mkdir, "unreadable_audio"),
    "nothing": (lambda _: None, "missing_audio"),
    "empty": (Path.touch, "empty_audio"),
    "no sound": (lambda path: path.write_bytes(b"no sound"), "unreadable_audio"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_RECORDINGS)
@pytest.mark.parametrize("suffix", [".wav", ".pcm"])
def test_what_is_no_recording_is_dropped_by_name(tmp_path, kind, suffix):
    make, reason = NO_RECORDINGS[kind]
    path = tmp_path / f"a{suffix}"
    make(path)
    if kind == "no sound" and suffix == ".pcm":
        reason = "too_short_audio"  # any bytes are samples
    good = tmp_path / make_recording(tmp_path, "good.wav")
    record = process_task(task_of(utterance("bad", path), utterance("good", good)), context(tmp_path))
    assert [(line.id, line.reason) for line in record.dropped] == [("c/bad", reason)]
    assert record.shard.rows == 1


@pytest.mark.parametrize("name", ["n" * 300 + ".wav", "a\0.wav", f"{'folder/' * 1000}a.wav"])
def test_a_path_that_no_file_can_have_is_dropped_by_name(tmp_path, name):
    record = process_task(task_of(utterance("bad", tmp_path / name)), context(tmp_path))
    assert [line.id for line in record.dropped] == ["c/bad"]
    assert record.dropped[0].reason in {"missing_audio", "unreadable_audio"}


@pytest.mark.parametrize("make", [link_in_a_circle, Path.mkdir, lambda _: None])
def test_a_transcript_that_cannot_be_opened_is_dropped_by_name(tmp_path, make):
    make(tmp_path / "a.txt")
    audio = tmp_path / make_recording(tmp_path, "good.wav")
    record = process_task(
        task_of(utterance("bad", audio, TextFile(tmp_path / "a.txt", "utf-8"))), context(tmp_path)
    )
    assert [(line.id, line.reason) for line in record.dropped] == [("c/bad", "missing_transcript")]


def endless(task, context, *, stage):
    """`process_task`, but a stage of the text never ends for one of the transcripts."""
    work = getattr(task_module, stage)

    def slow(text, **settings):
        if text == SLOW or text == [SLOW]:
            left_s, _ = signal.getitimer(signal.ITIMER_REAL)
            assert 0 < left_s <= LIMIT_S, "nothing limits the time of this text"
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # all but a moment passes at once
            time.sleep(PATIENCE_S)
        return work(text, **settings)

    setattr(task_module, stage, slow)
    return process_task(task, context)


@pytest.mark.parametrize("stage", ["clean_transcript", "label_batch"])
def test_the_time_limit_covers_the_text(tmp_path, monkeypatch, stage):
    monkeypatch.setattr("pipeline.job.retry.finish_task", functools.partial(endless, stage=stage))
    audio = tmp_path / make_recording(tmp_path, "good.wav")
    task = task_of(*(utterance(name, audio, SLOW if name == "slow" else TEXT) for name in ("a", "slow", "b")))
    (record,) = run_tasks([task], context(tmp_path), jobs=1)
    assert [(line.id, line.stage, line.reason, line.detail) for line in record.dropped] == [
        ("c/slow", "worker", "failed", "it took longer than 60 s")
    ]
    assert record.shard.rows == 2


def test_a_bug_in_the_text_stage_names_its_utterance(tmp_path, monkeypatch):
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(task_module, "clean_transcript", break_down)
    with pytest.raises(ZeroDivisionError) as caught:
        process_task(task_of(utterance("a", tmp_path / "a.wav")), context(tmp_path))
    assert caught.value.__notes__ == ["while processing the text of utterance c/a"]
