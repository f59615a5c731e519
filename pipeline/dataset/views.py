"""What merge, split and filter share: a new manifest over rows of existing shards, which stay as they are."""

import os
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.errors import InputRejected, MalsoriError
from pipeline.contract.locks import locked_name
from pipeline.contract.manifest import MAX_RANGES, DroppedLine, Manifest, RunRecord, ShardRecord
from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.dataset.builder import Content, Destination, Provenance, publish_manifest
from pipeline.dataset.dropped import dropped_path_of_view
from pipeline.dataset.statistics import Tally

RowPositions = npt.NDArray[np.int64]
"""Positions of rows in a shard's file, shape (R,), ascending."""

TALLIED = ("speaker", "num_samples", "labels", "source", "measurements")

OwnedShard = tuple[OpenedManifest, ShardRecord]
"""A shard's record, and the manifest through which its file is reached."""


def stored_positions(shard: ShardRecord) -> RowPositions:
    """Where in its file the rows of `shard` lie. Open the shard first.

    A record may claim any number of rows: only opening the shard proves it.
    """
    pieces = [np.arange(start, end) for start, end in shard.spans()]
    return np.concatenate(pieces) if pieces else np.arange(0)


def to_ranges(rows: RowPositions, *, stored_rows: int) -> tuple[tuple[int, int], ...] | None:
    """`rows` as [start, end) pairs in order; None if they are all of the file."""
    if rows.size == stored_rows:
        return None
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    runs = np.split(rows, breaks) if rows.size else []
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)


def narrow_shard(
    opened: OpenedManifest, shard: ShardRecord, rows: RowPositions, *, split: str | None = None
) -> ShardRecord:
    """A record of only `rows` of the shard's file, in `split` if one is given."""
    narrowed = shard.model_copy(
        update={
            "rows": int(rows.size),
            "ranges": to_ranges(rows, stored_rows=shard.stored_rows),
            "split": split or shard.split,
        }
    )
    if len(narrowed.spans()) > MAX_RANGES:
        raise InputRejected(
            f"shard {shard.path}: {len(narrowed.spans()):,} separate ranges of rows, {MAX_RANGES:,} are the"
            " most; preprocess only what is wanted, or filter in several steps"
        )
    samples = pc.sum(opened.rows(narrowed).column("num_samples")).as_py() or 0
    return ShardRecord.model_validate(
        narrowed.model_copy(update={"seconds": samples / SAMPLE_RATE_HZ}).model_dump()
    )


def history_of(manifest: Manifest) -> list[str]:
    """The manifest's history, preceded by 'part i of n' for a partial run."""
    if manifest.part is None:
        return list(manifest.history)
    return [f"part {manifest.part.number} of {manifest.part.of} of a run", *manifest.history]


def publish_rows(
    provenance: Provenance,
    destination: Destination,
    *,
    shards: Iterable[OwnedShard],
    dropped: Sequence[DroppedLine],
    command: str,
) -> Manifest:
    """Write a manifest over rows of existing shards, whose figures are counted from the rows.

    Args:
        shards: In any order; those without rows are left out.

    Raises:
        InputRejected: Something else than an earlier manifest of this dataset stands there.
    """
    run = RunRecord(
        command=command,
        host=socket.gethostname(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        jobs=1,
    )
    with locked_name(destination.manifest, option="-o"):
        _require_replaceable(destination.manifest, provenance)
        filled = [(opened, shard) for opened, shard in shards if shard.rows]
        symbols = provenance.vocabulary.symbols
        content = Content(
            shards=sorted(
                (_seen_from(destination, provenance, owned) for owned in filled),
                key=lambda shard: (shard.path, shard.split),
            ),
            tallies=[tally_table(opened.rows(shard, TALLIED), symbols) for opened, shard in filled],
            dropped=dropped,
        )
        return publish_manifest(provenance, content, destination, run=run)


def publish_view(
    opened: OpenedManifest,
    path: Path,
    *,
    shards: Iterable[ShardRecord],
    dropped: Sequence[DroppedLine],
    step: str,
    command: str,
) -> Manifest:
    """Write a manifest at `path` over some rows of another one; `step` is added to its history."""
    manifest = opened.manifest
    return publish_rows(
        Provenance(
            name=manifest.name,
            sources=manifest.sources,
            settings=manifest.settings,
            vocabulary=manifest.vocabulary,
            history=[*history_of(manifest), step],
        ),
        Destination(
            manifest=path,
            root=opened.folder,
            dropped=dropped_path_of_view(path, dropped),
            is_view=True,
        ),
        shards=[(opened, shard) for shard in shards],
        dropped=dropped,
        command=command,
    )


def _require_replaceable(path: Path, provenance: Provenance) -> None:
    if not os.path.lexists(path):
        return
    try:
        standing = read_manifest(path)
    except MalsoriError as error:
        raise InputRejected(f"{error}, so it is not replaced: give another -o") from error
    corpora = {source.corpus.name for source in provenance.sources}
    if standing.name != provenance.name or {source.corpus.name for source in standing.sources} != corpora:
        raise InputRejected(
            f"{path} is the manifest of another dataset, {standing.name}: give another -o, or remove it first"
        )


def _seen_from(destination: Destination, provenance: Provenance, owned: OwnedShard) -> ShardRecord:
    """The shard's record with its path relative to the new root and its settings found among the new ones."""
    opened, shard = owned
    path = (opened.folder / shard.path).relative_to(destination.root).as_posix()
    settings = provenance.settings.index(opened.manifest.settings[shard.settings])
    return shard.model_copy(update={"path": path, "settings": settings})


def tally_table(table: pa.Table, symbols: Sequence[str]) -> Tally:
    """The figures of some rows, counted as the run that made them counted."""
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
