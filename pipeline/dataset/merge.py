"""Several manifests as one: the parts of a divided run, or different corpora.

The order in which manifests are given does not matter. The parts of a run give the manifest
that one box would have written.
"""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import DroppedLine, Manifest, SettingsRecord, ShardRecord, SourceRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.reasons import Reason, Stage
from pipeline.dataset.views import (
    own_dropped_stem,
    past_of,
    publish,
    read_dropped,
    stored_positions,
    with_rows,
)
from pipeline.export.huggingface import write_dataset_files


def merge_manifests(
    opened: Sequence[OpenedManifest],
    path: Path,
    *,
    name: str | None,
    command: str,
    mixed_settings: bool,
) -> Manifest:
    """Join manifests into one at `path`; their shards stay where they are.

    Utterances that occur more than once are kept once and counted as dropped (`duplicate_id`).

    Args:
        mixed_settings: Also join shards that were made with different settings or versions.

    Raises:
        InputRejected: The vocabularies differ; the settings differ and were not allowed to; the
            parts of a divided run are not complete.
    """
    _check_vocabularies(opened)
    settings = _settings(opened)
    if len(settings) > 1 and not mixed_settings:
        raise InputRejected(_conflict(opened))
    parts = _are_parts(opened)
    folder = Path(os.path.commonpath([item.folder for item in opened]))
    shards, duplicates = _without_duplicates(opened)
    names = sorted({item.manifest.name for item in opened})
    lines = [line for item in opened for line in read_dropped(item)] + duplicates
    one_run = parts and all(item.folder == folder for item in opened)
    manifest = publish(
        path,
        name=name or (names[0] if len(names) == 1 else path.stem),
        folder=folder,
        dropped_stem=folder / path.stem if one_run else _dropped_stem(path, lines, opened),
        shards=shards,
        dropped=lines,
        sources=_sources(opened),
        settings=settings,
        vocabulary=opened[0].manifest.vocabulary,
        history=[] if parts else [*_pasts(opened), f"merged from {', '.join(names)}"],
        command=command,
    )
    if one_run:
        write_dataset_files(manifest, folder)
    return manifest


def _dropped_stem(path: Path, lines: list[DroppedLine], opened: Sequence[OpenedManifest]) -> Path:
    """In the shards' folder; if they have several, beside the manifest where that is below their root.

    What the folders have in common may be a disk's root, which is not ours to write to.
    """
    folder = Path(os.path.commonpath([item.folder for item in opened]))
    beside = path.parent.resolve()
    several = any(item.folder != folder for item in opened)
    place = beside if several and beside.is_relative_to(folder) else folder
    return own_dropped_stem(path, lines, folder=place)


def _pasts(opened: Sequence[OpenedManifest]) -> list[str]:
    """What was done to the rows of each manifest, in order, whatever order they were given in."""
    named = sorted((item.manifest.name, past_of(item.manifest)) for item in opened)
    return list(dict.fromkeys(f"{name}: {line}" for name, past in named for line in past))


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
    other = next(item for item in opened if item.manifest.settings != first.manifest.settings)
    return (
        f"{other.path} and {first.path} were made with different settings or versions"
        f" (`malsori show {other.path} --diff {first.path}` names them); make one of them again, or"
        " merge with --mixed-settings"
    )


def _are_parts(opened: Sequence[OpenedManifest]) -> bool:
    """Whether these are the parts of one run; if they are, all of them must be there."""
    parts = [item.manifest.part for item in opened if item.manifest.part is not None]
    if not parts:
        return False
    if len(parts) != len(opened) or len({part.of for part in parts}) > 1 or len(_sources(opened)) > 1:
        raise InputRejected("the parts of a run cannot be merged with other manifests before each other")
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


def _without_duplicates(
    opened: Sequence[OpenedManifest],
) -> tuple[list[tuple[OpenedManifest, ShardRecord]], list[DroppedLine]]:
    """Every shard, narrowed down to the utterances that no shard before it has."""
    seen: set[str] = set()
    kept: list[tuple[OpenedManifest, ShardRecord]] = []
    duplicates: list[DroppedLine] = []
    shards = [(item, shard) for item in opened for shard in item.manifest.shards]
    for item, shard in sorted(shards, key=lambda pair: (pair[0].folder / pair[1].path, pair[1].split)):
        ids: list[str] = item.rows(shard, ["id"]).column("id").to_pylist()
        fresh = np.array([_is_first(name, seen) for name in ids], dtype=bool)
        kept.append((item, shard if fresh.all() else with_rows(item, shard, stored_positions(shard)[fresh])))
        detail = f"the row in {shard.path} of {item.manifest.name} repeats an utterance of another shard"
        duplicates += [
            DroppedLine(id=name, stage=Stage.MERGE, reason=Reason.DUPLICATE_ID, detail=detail)
            for name, is_fresh in zip(ids, fresh, strict=True)
            if not is_fresh
        ]
    return kept, duplicates


def _is_first(name: str, seen: set[str]) -> bool:
    if name in seen:
        return False
    seen.add(name)
    return True
