"""One task, in a worker: the utterances of one shard, from raw files to a finished Arrow file.

Transcripts are cleaned and labelled first, all of a task at once, because that is cheap and
decides which recordings need not be decoded. Importing this module loads all stages.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.audio.clip import prepare_clip
from pipeline.audio.recordings import Recordings
from pipeline.contract.files import write_text
from pipeline.contract.reasons import Reason, Stage
from pipeline.contract.schema import MAX_TEXT_BYTES, SAMPLE_RATE_HZ
from pipeline.contract.text import as_text
from pipeline.contract.vocabulary import min_ctc_frames
from pipeline.dataset.statistics import Tallying
from pipeline.job.folder import crumb_path, record_path, shard_path
from pipeline.job.plan import Task, TaskContext, relative_name
from pipeline.job.progress import take_timings, timed
from pipeline.job.records import TaskRecord, WrittenShard, dropped_line
from pipeline.job.watchdog import Watchdog, watched
from pipeline.phonology import label_batch
from pipeline.record import Clip, Dropped, Example, Labelled, Rejection, Transcript, Utterance
from pipeline.shards.writer import ShardWriter
from pipeline.transcript import clean_transcript, read_transcript
from pipeline.transcript.files import MAX_TRANSCRIPT_BYTES


def process_task(task: Task, context: TaskContext) -> TaskRecord:
    """Write the shard of a task, then its record, and return the record."""
    take_timings()
    with watched(crumb_path(context.out, task.name), limit_s=context.limit_s) as watchdog:
        record = _write_shard(task, context, watchdog)
    write_text(record_path(context.out, task.name), record.model_dump_json())
    return record


def _write_shard(task: Task, context: TaskContext, watchdog: Watchdog) -> TaskRecord:
    dropped: list[Dropped] = []
    tallying = Tallying()
    path = shard_path(context.out, task.name)
    with ShardWriter.open(path, settings=context.settings.shards, outdated=context.outdated) as writer:
        for item in _examples(task, context, watchdog):
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
        made_now=True,
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


def _examples(task: Task, context: TaskContext, watchdog: Watchdog) -> Iterator[Example | Dropped]:
    """The task's utterances in order, each processed or dropped: text first, then audio."""
    deaths = dict(task.quarantined)
    with timed("phonology"):
        # Loading the tagger is no utterance's time.
        label_batch(["가"], settings=context.settings.phonology, lexicon=context.lexicon)
    with Recordings(longest_s=context.settings.acceptance.longest_recorded_s) as recordings:
        texts = [
            Dropped(utterance.id, Stage.WORKER, Reason.FAILED, deaths[utterance.id])
            if utterance.id in deaths
            else _label_text(position, utterance, context, watchdog)
            for position, utterance in enumerate(task.utterances)
        ]
        for position, (utterance, text) in enumerate(zip(task.utterances, texts, strict=True)):
            if isinstance(text, Dropped):
                yield text
                continue
            with _at("audio", position, utterance, watchdog):
                example = _example(utterance, *text, recordings=recordings, split=task.split, context=context)
            yield example
    watchdog.stop()


@contextmanager
def _at(what: str, position: int, utterance: Utterance, watchdog: Watchdog) -> Iterator[None]:
    """Let the watchdog know which utterance is next; a bug then names it."""
    watchdog.start(position)
    try:
        yield
    except Exception as bug:
        bug.add_note(f"while processing the {what} of utterance {utterance.id}")
        raise


def _label_text(
    position: int, utterance: Utterance, context: TaskContext, watchdog: Watchdog
) -> tuple[Transcript, Labelled] | Dropped:
    """Clean and label the transcript of one utterance."""
    with _at("text", position, utterance, watchdog):
        with timed("transcript"):
            text = _clean(utterance, context)
        if isinstance(text, Rejection):
            return _dropped(utterance, Stage.TRANSCRIPT, text)
        with timed("phonology"):
            (labels,) = label_batch(
                [text.spoken], settings=context.settings.phonology, lexicon=context.lexicon
            )
        if isinstance(labels, Rejection):
            return _dropped(utterance, Stage.PHONOLOGY, labels)
        too_long = _too_long(
            MAX_TEXT_BYTES,
            pronunciation=labels.pronunciation,
            IPA=" ".join(labels.ipa),
            romanisation=labels.romanized,
        )
        return (text, labels) if too_long is None else _dropped(utterance, Stage.PHONOLOGY, too_long)


def _clean(utterance: Utterance, context: TaskContext) -> Transcript | Rejection:
    raw = read_transcript(utterance.transcript)
    if isinstance(raw, Rejection):
        return raw
    too_long = _too_long(MAX_TRANSCRIPT_BYTES, transcript=raw)
    if too_long is not None:
        return too_long
    text = clean_transcript(raw, annotation=context.annotation, settings=context.settings.transcript)
    if isinstance(text, Rejection):
        return text
    return _too_long(MAX_TEXT_BYTES, spelling=text.spelling, speech=text.spoken) or text


def _too_long(most_bytes: int, **texts: str) -> Rejection | None:
    """Why an utterance one of whose texts (by name) is over `most_bytes` is dropped, or None."""
    for name, text in texts.items():
        num_bytes = len(as_text(text).encode())
        if num_bytes > most_bytes:
            detail = f"its {name} has {num_bytes:,} bytes, {most_bytes:,} are the most"
            return Rejection(Reason.TRANSCRIPT_TOO_LONG, detail)
    return None


def _example(
    utterance: Utterance,
    transcript: Transcript,
    labelled: Labelled,
    *,
    recordings: Recordings,
    split: str,
    context: TaskContext,
) -> Example | Dropped:
    settings = context.settings
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
        source_path=relative_name(utterance.audio.path, root=context.root),
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


def _dropped(utterance: Utterance, stage: Stage, rejection: Rejection) -> Dropped:
    return Dropped(utterance.id, stage, rejection.reason, rejection.detail)
