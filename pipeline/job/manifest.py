"""Adding up the tasks' records: what a run's manifest says about the shards."""

from collections.abc import Iterable

from pipeline.contract.manifest import ShardRecord
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.dataset.builder import Content
from pipeline.dataset.statistics import Tally
from pipeline.job.task import TaskRecord, WrittenShard, dropped_line
from pipeline.record import Dropped


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
        path=f"{record.name}.arrow",
        sha256=shard.sha256,
        bytes=shard.bytes,
        stored_rows=shard.rows,
        rows=shard.rows,
        ranges=None,
        seconds=record.tally.samples_out / SAMPLE_RATE_HZ,
        split=record.split,
        settings=0,
    )
