"""Several manifests as one: the parts of a divided run, or different corpora.

The order in which manifests are given does not matter. The parts of a run give the manifest
that one machine would have written.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import DroppedLine, Manifest, SettingsRecord, SourceRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.reasons import Reason, Stage
from pipeline.dataset.builder import Destination, Provenance
from pipeline.dataset.dropped import dropped_path_of_run, dropped_path_of_view, read_dropped
from pipeline.dataset.views import OwnedShard, history_of, narrow_shard, publish_rows, stored_positions

SPAN = ("sha256", "offset", "length")
"""What tells the samples of one recording from all others, in the column `source`."""


def merge_manifests(
    opened: Sequence[OpenedManifest],
    path: Path,
    *,
    name: str | None,
    command: str,
    mixed_settings: bool,
    root_named: bool = False,
) -> Manifest:
    """Join manifests into one at `path`; their shards stay where they are.

    Utterances that occur more than once are kept once and counted as dropped (`duplicate_id`).

    Args:
        name: Of the merged dataset; None means the name they share, or else the file's.
        root_named: The user named the shards' folder, which the parts of a run then share.
        mixed_settings: Also join shards that were made with different settings or versions.

    Raises:
        InputRejected: The vocabularies differ; the settings differ and were not allowed to; parts
            of a divided run are missing, repeated or mixed with other manifests; or two recordings
            have one id.
    """
    _check_vocabularies(opened)
    settings = _settings(opened)
    if len(settings) > 1 and not mixed_settings:
        raise InputRejected(f"{_conflict(opened)} merge with --mixed-settings")
    whole_run = _are_parts(opened)
    names = sorted({item.manifest.name for item in opened})
    shards, duplicates = _drop_duplicates(opened)
    dropped = [*_still_dropped(opened, shards), *duplicates]
    provenance = Provenance(
        name=name or (names[0] if len(names) == 1 else path.stem),
        sources=_sources(opened),
        settings=settings,
        vocabulary=opened[0].manifest.vocabulary,
        history=[] if whole_run else [*_histories(opened), f"merged from {', '.join(names)}"],
    )
    destination = _destination(path, opened, dropped, whole_run=whole_run, root_named=root_named)
    return publish_rows(provenance, destination, shards=shards, dropped=dropped, command=command)


def _destination(
    path: Path,
    opened: Sequence[OpenedManifest],
    dropped: list[DroppedLine],
    *,
    whole_run: bool,
    root_named: bool,
) -> Destination:
    """Where the merged manifest goes; gathered parts of a run get the files that the run would have.

    These lie in the shards' folder, so the user must have named it: with -o, or with --root.
    """
    root = Path(os.path.commonpath([item.folder for item in opened]))
    one_folder = all(item.folder == root for item in opened)
    if whole_run and one_folder and (root_named or root.is_relative_to(path.parent.resolve())):
        return Destination(
            manifest=path, root=root, dropped=dropped_path_of_run(path, folder=root), huggingface=True
        )
    return Destination(manifest=path, root=root, dropped=dropped_path_of_view(path, dropped), is_view=True)


def _histories(opened: Sequence[OpenedManifest]) -> list[str]:
    """The history of each manifest in order, sorted by the manifests' names."""
    named = sorted((item.manifest.name, history_of(item.manifest)) for item in opened)
    return list(dict.fromkeys(f"{name}: {line}" for name, history in named for line in history))


def _check_vocabularies(opened: Sequence[OpenedManifest]) -> None:
    first = opened[0]
    for item in opened[1:]:
        if item.manifest.vocabulary.sha256 != first.manifest.vocabulary.sha256:
            raise InputRejected(
                f"{item.path} has the vocabulary {item.manifest.vocabulary.name!r}, {first.path} has"
                f" {first.manifest.vocabulary.name!r} or another version of it: their labels do not"
                " mean the same; make one of them again"
            )


def _conflict(opened: Sequence[OpenedManifest]) -> str:
    first = opened[0]
    for other in opened:
        if other.manifest.settings != first.manifest.settings:
            return (
                f"{other.path} and {first.path} were made with different settings or versions"
                f" (`malsori show {other.path} --diff {first.path}` lists them); make one of them again, or"
            )
    return f"{first.path} itself joins shards made with different settings or versions;"


def _are_parts(opened: Sequence[OpenedManifest]) -> bool:
    """Whether these are all the parts of one run; rejects some of them, or a mixture."""
    parts = [item.manifest.part for item in opened if item.manifest.part is not None]
    if not parts:
        return False
    if len(parts) != len(opened) or len({part.of for part in parts}) > 1 or len(_sources(opened)) > 1:
        raise InputRejected(
            "these are parts of a run together with something else:"
            " merge the parts of the run first, then the result with the others"
        )
    of = parts[0].of
    numbers = Counter(part.number for part in parts)
    missing = [str(number) for number in range(1, of + 1) if number not in numbers]
    if missing:
        raise InputRejected(f"part {', '.join(missing)} of {of} is missing: merge all parts at once")
    twice, count = numbers.most_common(1)[0]
    if count > 1:
        raise InputRejected(f"part {twice} of {of} is given {count} times: give each part once")
    return True


def _sources(opened: Sequence[OpenedManifest]) -> list[SourceRecord]:
    found = {source.model_dump_json(): source for item in opened for source in item.manifest.sources}
    return [found[key] for key in sorted(found)]


def _settings(opened: Sequence[OpenedManifest]) -> list[SettingsRecord]:
    found = {record.model_dump_json(): record for item in opened for record in item.manifest.settings}
    return [found[key] for key in sorted(found)]


def _drop_duplicates(opened: Sequence[OpenedManifest]) -> tuple[list[OwnedShard], list[DroppedLine]]:
    """Every shard, narrowed to the utterances that no shard before it has, and lines for the others."""
    seen: dict[str, int] = {}
    kept: list[OwnedShard] = []
    duplicates: list[DroppedLine] = []
    shards = [(item, shard) for item in opened for shard in item.manifest.shards]
    for item, shard in sorted(shards, key=lambda owned: (owned[0].folder / owned[1].path, owned[1].split)):
        table = item.rows(shard, ["id", "source"])
        ids: list[str] = table.column("id").to_pylist()
        is_new = np.array(
            [
                _note_new(name, span, seen, opened=item)
                for name, span in zip(ids, _recorded_spans(table), strict=True)
            ],
            dtype=bool,
        )
        if is_new.all():
            kept.append((item, shard))
            continue
        kept.append((item, narrow_shard(item, shard, stored_positions(shard)[is_new])))
        detail = f"the row in {shard.path} of {item.manifest.name} repeats an utterance of another shard"
        duplicates += [
            DroppedLine(id=name, stage=Stage.MERGE, reason=Reason.DUPLICATE_ID, detail=detail)
            for name, new in zip(ids, is_new, strict=True)
            if not new
        ]
    return kept, duplicates


def _still_dropped(opened: Sequence[OpenedManifest], shards: Sequence[OwnedShard]) -> Iterator[DroppedLine]:
    """The dropped utterances of all manifests, but for those that one filtered out and another keeps."""
    lines = [line for item in opened for line in read_dropped(item)]
    if any(line.stage == Stage.FILTER for line in lines):
        kept = {name for item, shard in shards for name in item.rows(shard, ["id"]).column("id").to_pylist()}
        lines = [line for line in lines if line.stage != Stage.FILTER or line.id not in kept]
    yield from lines


def _recorded_spans(table: pa.Table) -> Iterator[int]:
    """A number for each row, equal for equal samples of an equal recording."""
    source = table.column("source").combine_chunks()
    return map(hash, zip(*(source.field(name).to_pylist() for name in SPAN), strict=True))


def _note_new(name: str, span: int, seen: dict[str, int], *, opened: OpenedManifest) -> bool:
    """Add `name` to `seen`; returns whether it is new there.

    Raises:
        InputRejected: Another recording has the name already.
    """
    if name not in seen:
        seen[name] = span
        return True
    if seen[name] != span:
        raise InputRejected(
            f"{opened.path} and another manifest call two recordings {name}: keep one, or preprocess one"
            " of the corpora again under a name of its own (--corpus LAYOUT:NAME)"
        )
    return False
