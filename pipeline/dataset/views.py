"""Making a manifest from the rows of existing shards, without touching the shards."""

import hashlib
import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from pipeline.contract import CONTRACT_VERSION
from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import file_sha256
from pipeline.contract.manifest import (
    Counts,
    DroppedLine,
    DroppedRecord,
    Manifest,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.manifest_file import write_manifest
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.validation import first_problem
from pipeline.dataset.builder import count_reasons, relative_root, write_dropped
from pipeline.dataset.statistics import Tally, summarise_tallies

Rows = npt.NDArray[np.int64]
"""Positions of rows in a shard's file, shape (R,), in order."""

MAX_LINE_BYTES = 2**20

TALLIED = ("speaker", "num_samples", "labels", "source", "measurements")


def stored_positions(shard: ShardRecord) -> Rows:
    """The positions, in the file, of the rows that belong to the dataset; call `rows` before.

    A record may claim any number of rows; opening the shard is what proves it.
    """
    pieces = [np.arange(start, end) for start, end in shard.spans()]
    return np.concatenate(pieces) if pieces else np.arange(0)


def to_ranges(rows: Rows, *, stored_rows: int) -> tuple[tuple[int, int], ...] | None:
    """`rows` as [start, end) pairs in order; None when it is all of them."""
    if rows.size == stored_rows:
        return None
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    runs = np.split(rows, breaks) if rows.size else []
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)


def with_rows(
    opened: OpenedManifest, shard: ShardRecord, rows: Rows, *, split: str | None = None
) -> ShardRecord:
    """`shard` narrowed down to `rows` of its file, perhaps in another split."""
    narrowed = shard.model_copy(
        update={
            "rows": int(rows.size),
            "ranges": to_ranges(rows, stored_rows=shard.stored_rows),
            "split": split or shard.split,
        }
    )
    samples = pc.sum(opened.rows(narrowed).column("num_samples")).as_py() or 0
    return ShardRecord.model_validate(
        narrowed.model_copy(update={"seconds": samples / SAMPLE_RATE_HZ}).model_dump()
    )


def read_dropped(opened: OpenedManifest) -> Iterator[DroppedLine]:
    """The dropped list of a manifest, line by line.

    Raises:
        HandOffBroken: It is not the recorded one.
    """
    record = opened.manifest.dropped
    path = opened.locate(record.path)
    if not path.is_file():
        raise HandOffBroken(f"the dropped list {path} is missing; copy it beside the shards, or say --root")
    if file_sha256(path) != record.sha256:
        raise HandOffBroken(f"the dropped list {path} has changed since {opened.path} was made")
    number = 0
    with path.open("rb") as stream:
        while line := stream.readline(MAX_LINE_BYTES):
            number += 1
            try:
                yield DroppedLine.model_validate_json(line)
            except ValidationError as error:
                raise HandOffBroken(
                    f"the dropped list {path}, line {number}: {first_problem(error)}"
                ) from error
    if number != record.rows:
        raise HandOffBroken(f"the dropped list {path} has {number} lines, {opened.path} says {record.rows}")


def tally_table(table: pa.Table, symbols: Sequence[str]) -> Tally:
    """The figures of some rows, as the run that made them counted them."""
    source = table.column("source").combine_chunks()
    lengths = source.field("length").to_numpy(zero_copy_only=False)
    rates_hz = source.field("rate_hz").to_numpy(zero_copy_only=False)
    num_samples = table.column("num_samples").to_numpy()
    removed = table.column("measurements").combine_chunks().field("silence_removed_samples")
    labels = pc.list_flatten(table.column("labels")).to_numpy()
    counts = np.bincount(labels, minlength=len(symbols) + 1)[1:]
    return Tally(
        samples_in=int(np.rint(lengths * SAMPLE_RATE_HZ / rates_hz).sum()),
        samples_out=int(num_samples.sum()),
        samples_removed=int(pc.sum(removed).as_py() or 0),
        shortest=int(num_samples.min(initial=np.iinfo(np.int64).max)) if num_samples.size else 0,
        longest=int(num_samples.max(initial=0)),
        phones={symbol: int(count) for symbol, count in zip(symbols, counts, strict=True) if count},
        speakers=_speaker_totals(table),
    )


def _speaker_totals(table: pa.Table) -> dict[str, tuple[int, int]]:
    named = table.select(["speaker", "num_samples"]).filter(pc.is_valid(table.column("speaker")))
    totals = named.group_by("speaker").aggregate([("num_samples", "count"), ("num_samples", "sum")])
    rows = totals.sort_by("speaker").to_pylist()
    return {row["speaker"]: (row["num_samples_count"], row["num_samples_sum"]) for row in rows}


def _seen_from(
    folder: Path, opened: OpenedManifest, shard: ShardRecord, settings: Sequence[SettingsRecord]
) -> ShardRecord:
    """`shard` with its path seen from `folder` and its settings found in `settings`."""
    path = (opened.folder / shard.path).relative_to(folder).as_posix()
    position = settings.index(opened.manifest.settings[shard.settings])
    return shard.model_copy(update={"path": path, "settings": position})


def past_of(manifest: Manifest) -> list[str]:
    """The history of a manifest's rows; that they are one part of a run only is part of it."""
    if manifest.part is None:
        return list(manifest.history)
    return [f"part {manifest.part.number} of {manifest.part.of} of a run", *manifest.history]


def publish(
    path: Path,
    *,
    name: str,
    folder: Path,
    dropped_stem: Path,
    shards: Iterable[tuple[OpenedManifest, ShardRecord]],
    dropped: list[DroppedLine],
    sources: Sequence[SourceRecord],
    settings: Sequence[SettingsRecord],
    vocabulary: VocabularyRecord,
    history: Sequence[str],
    command: str,
) -> Manifest:
    """Write the manifest of some rows of some shards, and its dropped list.

    Args:
        folder: The root that the shards' paths start from.
        dropped_stem: The dropped list is `<dropped_stem>.dropped.jsonl`, at or below `folder`.
        shards: In any order, each with the manifest through which it is reached; those without
            rows are left out.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    filled = [(opened, shard) for opened, shard in shards if shard.rows]
    tallies = [tally_table(opened.rows(shard, TALLIED), vocabulary.symbols) for opened, shard in filled]
    kept = sorted(
        (_seen_from(folder, opened, shard, settings) for opened, shard in filled),
        key=lambda shard: (shard.path, shard.split),
    )
    rows = sum(shard.rows for shard in kept)
    manifest = Manifest(
        contract_version=CONTRACT_VERSION,
        name=name,
        part=None,
        sources=tuple(sources),
        settings=tuple(settings),
        vocabulary=vocabulary,
        root=relative_root(folder, path),
        shards=tuple(kept),
        counts=Counts(read=rows + len(dropped), kept=rows, dropped=count_reasons(dropped)),
        dropped=_write_dropped(dropped, folder=folder, stem=dropped_stem),
        statistics=summarise_tallies(tallies, vocabulary.symbols),
        history=tuple(history),
        run=RunRecord(command=command, host=socket.gethostname(), started=started, seconds=0.0, jobs=1),
    )
    write_manifest(path, manifest)
    return manifest


def publish_view(
    path: Path,
    opened: OpenedManifest,
    *,
    shards: Iterable[ShardRecord],
    dropped: list[DroppedLine],
    done: str,
    command: str,
) -> Manifest:
    """Write a manifest over some rows of another one; `done` joins its history."""
    manifest = opened.manifest
    return publish(
        path,
        name=manifest.name,
        folder=opened.folder,
        dropped_stem=own_dropped_stem(path, dropped, folder=opened.folder),
        shards=[(opened, shard) for shard in shards],
        dropped=dropped,
        sources=manifest.sources,
        settings=manifest.settings,
        vocabulary=manifest.vocabulary,
        history=[*past_of(manifest), done],
        command=command,
    )


def _write_dropped(lines: list[DroppedLine], *, folder: Path, stem: Path) -> DroppedRecord:
    record = write_dropped(lines, folder=stem.parent, manifest_path=stem.with_name(f"{stem.name}.json"))
    return record.model_copy(update={"path": (stem.parent / record.path).relative_to(folder).as_posix()})


def own_dropped_stem(path: Path, lines: Iterable[DroppedLine], *, folder: Path) -> Path:
    """A stem in `folder` for the dropped list of the manifest at `path` that no other list has.

    It holds a hash of the content: manifests of one name in different folders share the folder
    of their shards, and none may overwrite the list of another.
    """
    content = "\n".join(sorted(line.model_dump_json() for line in lines))
    return folder / f"{path.stem}.{hashlib.sha256(content.encode()).hexdigest()[:8]}"
