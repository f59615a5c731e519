"""One task: the utterances of one shard, from raw files to a finished Arrow file.

The worker writes the shard itself and hands back nothing but its record, so audio never
travels between processes. A finished task leaves `<out>/.tasks/<name>.json` behind; the same
task with the same key is not done twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipeline.audio.clip import prepare_clip
from pipeline.audio.recordings import Recordings
from pipeline.contract.files import file_sha256, write_text
from pipeline.contract.manifest import Count, DroppedLine, Record, Sha256
from pipeline.contract.reasons import Reason, Stage
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.vocabulary import min_ctc_frames
from pipeline.dataset.statistics import Tally, Tallying
from pipeline.job.plan import Task, as_text, relative_name
from pipeline.job.timing import take_timings, timed
from pipeline.job.watchdog import Watch, watched
from pipeline.phonology import label_batch
from pipeline.record import Annotation, Clip, Dropped, Example, Labelled, Rejection, Transcript, Utterance
from pipeline.settings import PipelineSettings
from pipeline.shards import ShardWriter
from pipeline.transcript import clean_transcript, read_transcript


@dataclass(frozen=True, slots=True)
class Job:
    """What every task of a run shares.

    `limit_s` is the time one utterance may take before its worker is killed; None is no limit.
    """

    root: Path
    out: Path
    annotation: Annotation
    settings: PipelineSettings
    limit_s: float | None = None


class WrittenShard(Record):
    """The shard that a task wrote."""

    sha256: Sha256
    bytes: Count
    rows: Count


class TaskRecord(Record):
    """What a finished task leaves behind, and all that the parent needs of it."""

    name: str
    key: str
    split: str
    shard: WrittenShard | None  # None when every utterance was dropped
    dropped: tuple[DroppedLine, ...]
    tally: Tally
    timings: dict[str, float]  # seconds by stage; not part of the manifest


def shard_path(out: Path, name: str) -> Path:
    """Where the shard of task `name` lies."""
    return out / f"{name}.arrow"


def record_path(out: Path, name: str) -> Path:
    """Where the record of task `name` lies."""
    return out / ".tasks" / f"{name}.json"


def crumb_path(out: Path, name: str) -> Path:
    """Where the worker of task `name` writes down which utterance it is at."""
    return out / ".tasks" / f"{name}.at"


def read_record(out: Path, name: str, *, key: str) -> TaskRecord | None:
    """The record of a task that is finished under `key`, or None when it must be done."""
    try:
        record = TaskRecord.model_validate_json(record_path(out, name).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return record if record.key == key else None


def is_finished(out: Path, record: TaskRecord) -> bool:
    """Whether the shard of a recorded task is there, byte for byte."""
    path = shard_path(out, record.name)
    if record.shard is None:
        return not path.exists()
    return (
        path.is_file()
        and path.stat().st_size == record.shard.bytes
        and file_sha256(path) == record.shard.sha256
    )


def process_task(task: Task, job: Job) -> TaskRecord:
    """Do a task, unless it is finished already, and return its record."""
    record = read_record(job.out, task.name, key=task.key)
    if record is not None and is_finished(job.out, record):
        return record
    record_path(job.out, task.name).unlink(missing_ok=True)
    take_timings()
    with watched(crumb_path(job.out, task.name), limit_s=job.limit_s) as watch:
        record = _write_shard(task, job, watch)
    write_text(record_path(job.out, task.name), record.model_dump_json())
    return record


def _write_shard(task: Task, job: Job, watch: Watch) -> TaskRecord:
    dropped: list[Dropped] = []
    tallying = Tallying()
    path = shard_path(job.out, task.name)
    with ShardWriter.open(path, settings=job.settings.shards) as writer:
        for item in _examples(task, job, watch):
            if isinstance(item, Dropped):
                dropped.append(item)
            else:
                with timed("write"):
                    writer.add(item)
                _count(item, tallying)
    shard = writer.finished()
    if shard.rows == 0:
        path.unlink()
    return TaskRecord(
        name=task.name,
        key=task.key,
        split=task.split,
        shard=WrittenShard(sha256=shard.sha256, bytes=shard.num_bytes, rows=shard.rows)
        if shard.rows
        else None,
        dropped=tuple(dropped_line(item) for item in dropped),
        tally=tallying.finish(),
        timings=take_timings(),
    )


def _count(example: Example, tallying: Tallying) -> None:
    tallying.add(
        source_samples=example.source.length,
        source_rate_hz=example.source.rate_hz,
        num_samples=example.clip.wave.size,
        removed_samples=example.clip.measurements.silence_removed_samples,
        phones=example.labelled.ipa,
        speaker=example.utterance.speaker,
    )


def _examples(task: Task, job: Job, watch: Watch) -> Iterator[Example | Dropped]:
    """The task's utterances in order, each processed or dropped: text first, then audio."""
    deaths = dict(task.quarantined)
    with Recordings(longest_s=job.settings.acceptance.longest_recorded_s) as recordings:
        texts = _label_texts(task, job)
        for position, (utterance, text) in enumerate(zip(task.utterances, texts, strict=True)):
            if isinstance(text, Dropped):
                yield text
            elif utterance.id in deaths:
                yield Dropped(utterance.id, Stage.WORKER, Reason.FAILED, deaths[utterance.id])
            else:
                watch.at(position)
                try:
                    yield _example(utterance, *text, recordings=recordings, split=task.split, job=job)
                except Exception as bug:
                    bug.add_note(f"while processing the audio of utterance {utterance.id}")
                    raise
    watch.rest()


def _label_texts(task: Task, job: Job) -> list[tuple[Transcript, Labelled] | Dropped]:
    """Clean and label the transcripts of a task; the G2P runs over all of them at once."""
    with timed("transcript"):
        cleaned = [_clean(utterance, job) for utterance in task.utterances]
    spoken = [text.spoken for text in cleaned if isinstance(text, Transcript)]
    with timed("phonology"):
        labelled = iter(label_batch(spoken, settings=job.settings.phonology))
    results: list[tuple[Transcript, Labelled] | Dropped] = []
    for utterance, text in zip(task.utterances, cleaned, strict=True):
        if isinstance(text, Dropped):
            results.append(text)
            continue
        labels = next(labelled)
        if isinstance(labels, Rejection):
            results.append(_dropped(utterance, Stage.PHONOLOGY, labels))
        else:
            results.append((text, labels))
    return results


def _clean(utterance: Utterance, job: Job) -> Transcript | Dropped:
    raw = read_transcript(utterance.transcript)
    if not isinstance(raw, str):
        return _dropped(utterance, Stage.TRANSCRIPT, raw)
    text = clean_transcript(raw, annotation=job.annotation, settings=job.settings.transcript)
    return _dropped(utterance, Stage.TRANSCRIPT, text) if isinstance(text, Rejection) else text


def _example(
    utterance: Utterance,
    transcript: Transcript,
    labelled: Labelled,
    *,
    recordings: Recordings,
    split: str,
    job: Job,
) -> Example | Dropped:
    settings = job.settings
    with timed("decode"):
        recording = recordings.read(utterance.audio)
    if isinstance(recording, Rejection):
        return _dropped(utterance, Stage.AUDIO, recording)
    with timed("silence and denoise"):
        clip = prepare_clip(
            recording, silence=settings.silence, denoise=settings.denoise, acceptance=settings.acceptance
        )
    if isinstance(clip, Rejection):
        return _dropped(utterance, Stage.AUDIO, clip)
    too_few = _too_few_frames(clip, labelled, frame_samples=settings.ctc.frame_samples)
    if too_few is not None:
        return _dropped(utterance, Stage.AUDIO, too_few)
    return Example(
        utterance=utterance,
        transcript=transcript,
        clip=clip,
        labelled=labelled,
        source_path=relative_name(utterance.audio.path, root=job.root),
        source=recording.source,
        split=split,
    )


def _too_few_frames(clip: Clip, labelled: Labelled, *, frame_samples: int) -> Rejection | None:
    frames = clip.wave.size // frame_samples
    needed = min_ctc_frames(labelled.labels)
    if frames >= needed:
        return None
    seconds = clip.wave.size / SAMPLE_RATE_HZ
    detail = f"{seconds:.2f} s give {frames} CTC frames, {len(labelled.labels)} labels need {needed}"
    return Rejection(Reason.TOO_FEW_FRAMES, detail)


def dropped_line(dropped: Dropped) -> DroppedLine:
    """The line of the dropped list for `dropped`."""
    return DroppedLine(
        id=as_text(dropped.id), stage=dropped.stage, reason=dropped.reason, detail=as_text(dropped.detail)
    )


def _dropped(utterance: Utterance, stage: Stage, rejection: Rejection) -> Dropped:
    return Dropped(utterance.id, stage, rejection.reason, rejection.detail)
