"""From the tasks' records to the manifest and the dropped list."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.contract import CONTRACT_VERSION
from pipeline.contract.files import file_sha256, write_text
from pipeline.contract.manifest import (
    CorpusRecord,
    Counts,
    DroppedRecord,
    Manifest,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    SpeakerRecord,
    Statistics,
    VocabularyRecord,
)
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.vocabulary import KOREAN
from pipeline.plan import Plan
from pipeline.settings import PipelineSettings
from pipeline.task import TaskRecord, dropped_line, shard_path
from pipeline.versions import package_versions

DROPPED_LIST = "dropped.jsonl"


def assemble_manifest(
    plan: Plan,
    records: Callable[[], Iterable[TaskRecord]],
    *,
    corpus: CorpusRecord,
    settings: PipelineSettings,
    name: str,
    out: Path,
    manifest_path: Path,
    run: RunRecord,
) -> Manifest:
    """Add up the tasks' records; also writes the dropped list beside the shards.

    Args:
        records: Gives the records anew each time, in the plan's order.
    """
    dropped = _write_dropped(plan, records(), path=out / DROPPED_LIST)
    shards = tuple(shard for record in records() for shard in _shard_records(record, out))
    return Manifest(
        contract_version=CONTRACT_VERSION,
        name=name,
        corpora=(corpus,),
        settings=SettingsRecord(fingerprint=settings.fingerprint(), values=settings.model_dump(mode="json")),
        versions=package_versions(),
        source=SourceRecord(listing_sha256=plan.listing_sha256, utterances=plan.num_utterances),
        vocabulary=VocabularyRecord.of(KOREAN),
        root=Path(os.path.relpath(out.resolve(), manifest_path.parent.resolve())).as_posix(),
        shards=shards,
        counts=Counts(
            read=plan.num_utterances,
            kept=sum(shard.rows for shard in shards),
            dropped=dict(sorted(dropped.items())),
        ),
        dropped=DroppedRecord(
            path=DROPPED_LIST, sha256=file_sha256(out / DROPPED_LIST), rows=sum(dropped.values())
        ),
        statistics=_statistics(records()),
        run=run,
    )


def _write_dropped(plan: Plan, records: Iterable[TaskRecord], *, path: Path) -> Counter[str]:
    lines = [dropped_line(dropped) for dropped in plan.dropped]
    lines += [line for record in records for line in record.dropped]
    lines.sort(key=lambda line: (line.id, line.reason, line.detail))
    write_text(path, "".join(f"{line.model_dump_json()}\n" for line in lines))
    return Counter(line.reason for line in lines)


def _shard_records(record: TaskRecord, out: Path) -> list[ShardRecord]:
    if record.shard is None:
        return []
    return [
        ShardRecord(
            path=shard_path(out, record.name).name,
            sha256=record.shard.sha256,
            bytes=record.shard.bytes,
            rows=record.shard.rows,
            seconds=_seconds(record.tally.samples_out),
            split=record.split,
        )
    ]


def _statistics(records: Iterable[TaskRecord]) -> Statistics:
    totals: Counter[str] = Counter()
    phones: Counter[str] = Counter(dict.fromkeys(KOREAN.symbols, 0))
    speakers: dict[str, list[int]] = {}
    shortest: list[int] = []
    longest = 0
    for record in records:
        tally = record.tally
        totals.update({"in": tally.samples_in, "out": tally.samples_out, "removed": tally.samples_removed})
        phones.update(tally.phones)
        if record.shard is not None:
            shortest.append(tally.shortest)
        longest = max(longest, tally.longest)
        for speaker, (utterances, samples) in tally.speakers.items():
            sums = speakers.setdefault(speaker, [0, 0])
            sums[0] += utterances
            sums[1] += samples
    seconds_out = _seconds(totals["out"])
    return Statistics(
        seconds_in=_seconds(totals["in"]),
        seconds_out=seconds_out,
        silence_removed_s=_seconds(totals["removed"]),
        shortest_s=_seconds(min(shortest, default=0)),
        longest_s=_seconds(longest),
        phones=phones.total(),
        phones_per_second=round(phones.total() / seconds_out, 3) if seconds_out else 0.0,
        phone_counts={symbol: phones[symbol] for symbol in KOREAN.symbols},
        speakers={
            name: SpeakerRecord(utterances=sums[0], seconds=_seconds(sums[1]))
            for name, sums in sorted(speakers.items())
        },
    )


def _seconds(samples: int) -> float:
    return round(samples / SAMPLE_RATE_HZ, 4)
