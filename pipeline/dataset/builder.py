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
    DroppedLine,
    DroppedRecord,
    Manifest,
    PartRecord,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.vocabulary import KOREAN
from pipeline.dataset.statistics import Tally, summarise_tallies
from pipeline.job.plan import Plan
from pipeline.job.task import TaskRecord, dropped_line, shard_path
from pipeline.job.versions import package_versions
from pipeline.settings import PipelineSettings


def assemble_manifest(
    plan: Plan,
    records: Callable[[], Iterable[TaskRecord]],
    *,
    corpus: CorpusRecord,
    part: PartRecord | None,
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
    lines = [dropped_line(dropped) for dropped in plan.dropped]
    lines += [line for record in records() for line in record.dropped]
    shards = tuple(shard for record in records() for shard in _shard_records(record, out))
    kept = sum(shard.rows for shard in shards)
    return Manifest(
        contract_version=CONTRACT_VERSION,
        name=name,
        part=part,
        sources=(
            SourceRecord(corpus=corpus, listing_sha256=plan.listing_sha256, utterances=plan.num_utterances),
        ),
        settings=(
            SettingsRecord(
                fingerprint=settings.fingerprint(),
                values=settings.model_dump(mode="json"),
                versions=package_versions(),
            ),
        ),
        vocabulary=VocabularyRecord.of(KOREAN),
        root=relative_root(out, manifest_path),
        shards=shards,
        counts=Counts(read=kept + len(lines), kept=kept, dropped=count_reasons(lines)),
        dropped=write_dropped(lines, folder=out, manifest_path=manifest_path),
        statistics=summarise_tallies(_tallies(records()), KOREAN.symbols),
        history=(),
        run=run,
    )


def relative_root(folder: Path, manifest_path: Path) -> str:
    """`folder` as seen from the manifest's own folder."""
    return Path(os.path.relpath(folder.resolve(), manifest_path.parent.resolve())).as_posix()


def write_dropped(lines: list[DroppedLine], *, folder: Path, manifest_path: Path) -> DroppedRecord:
    """Write the dropped list of a manifest into `folder`, sorted by id."""
    path = folder / f"{manifest_path.stem}.dropped.jsonl"
    lines.sort(key=lambda line: (line.id, line.reason, line.detail))
    write_text(path, "".join(f"{line.model_dump_json()}\n" for line in lines))
    return DroppedRecord(path=path.name, sha256=file_sha256(path), rows=len(lines))


def count_reasons(lines: Iterable[DroppedLine]) -> dict[str, int]:
    """Dropped utterances by reason, in the order of the reasons' names."""
    return dict(sorted(Counter(line.reason for line in lines).items()))


def _shard_records(record: TaskRecord, out: Path) -> list[ShardRecord]:
    if record.shard is None:
        return []
    return [
        ShardRecord(
            path=shard_path(out, record.name).name,
            sha256=record.shard.sha256,
            bytes=record.shard.bytes,
            stored_rows=record.shard.rows,
            rows=record.shard.rows,
            ranges=None,
            seconds=record.tally.samples_out / SAMPLE_RATE_HZ,
            split=record.split,
            settings=0,
        )
    ]


def _tallies(records: Iterable[TaskRecord]) -> Iterable[Tally]:
    return (record.tally for record in records if record.shard is not None)
