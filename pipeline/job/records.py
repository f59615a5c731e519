"""What finished tasks leave behind: a record each, and what all records add up to.

A task whose record holds its key, and whose shard is still what the record says, is not done
again (`retry.finish_task`). The parent process reads only records: audio never travels between
processes.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from pipeline.contract.files import is_regular, read_regular
from pipeline.contract.manifest import Count, DroppedLine, Record, Sha256, ShardRecord
from pipeline.contract.schema import MAX_ID_BYTES, SAMPLE_RATE_HZ
from pipeline.contract.text import as_text, shorten
from pipeline.dataset.builder import Content
from pipeline.dataset.statistics import Tally
from pipeline.job.folder import record_path, shard_path
from pipeline.record import Dropped

MAX_RECORD_BYTES = 2**28
"""Most of it are dropped utterances: 4 KiB of name and 4 KiB of detail each, at most."""


class WrittenShard(Record):
    """The shard that a task wrote."""

    sha256: Sha256
    bytes: Count
    rows: Count


class TaskRecord(Record):
    """What a finished task leaves behind; all that the parent needs to know of it."""

    name: str
    key: str
    split: str
    shard: WrittenShard | None  # None when every utterance was dropped
    dropped: tuple[DroppedLine, ...]
    tally: Tally
    timings: dict[str, float]  # seconds by stage; not part of the manifest
    made_now: bool = Field(default=False, exclude=True)  # by this run, not by one before; never stored


def read_record(out: Path, name: str, *, key: str) -> TaskRecord | None:
    """The record of a task that was finished under `key`, or None if the task must be done."""
    path = record_path(out, name)
    if not is_regular(path):
        return None
    try:
        record = TaskRecord.model_validate_json(read_regular(path, most_bytes=MAX_RECORD_BYTES))
    except (OSError, ValidationError):  # then it is made anew, or cannot be written either
        return None
    return record if record.key == key else None


def dropped_line(dropped: Dropped) -> DroppedLine:
    """The line of the dropped list for `dropped`: always one that can be read back."""
    return DroppedLine(
        id=_bounded(as_text(dropped.id)),
        stage=dropped.stage,
        reason=dropped.reason,
        detail=_bounded(as_text(dropped.detail)),
    )


def _bounded(text: str) -> str:
    """`text`; one of over `MAX_ID_BYTES` is cut short, and ends in a hash of the whole."""
    if len(text.encode()) <= MAX_ID_BYTES:
        return text
    return f"{shorten(text)} ({len(text):,} characters, {hashlib.sha256(text.encode()).hexdigest()[:16]})"


def collect_content(listing_dropped: Iterable[Dropped], records: Iterable[TaskRecord]) -> Content:
    """What a run made: the shards and dropped utterances of its tasks, in the order of `records`.

    Args:
        listing_dropped: What was dropped while the corpus was listed.
    """
    dropped = [dropped_line(item) for item in listing_dropped]
    shards: list[ShardRecord] = []
    tallies: list[Tally] = []
    for record in records:
        dropped += record.dropped
        if record.shard is not None:
            shards.append(_shard_record(record, record.shard))
            tallies.append(record.tally)
    return Content(shards=shards, tallies=tallies, dropped=dropped)


def _shard_record(record: TaskRecord, shard: WrittenShard) -> ShardRecord:
    return ShardRecord(
        path=shard_path(Path(), record.name).name,
        sha256=shard.sha256,
        bytes=shard.bytes,
        stored_rows=shard.rows,
        rows=shard.rows,
        ranges=None,
        seconds=record.tally.samples_out / SAMPLE_RATE_HZ,
        split=record.split,
        settings=0,
    )
