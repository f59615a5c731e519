"""What differs between two manifests, and why results would."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pipeline.contract.manifest import Manifest, ShardRecord, SourceRecord
from pipeline.contract.text import one_line

MAX_LINES = 20
"""For each kind of difference: what differs in a thousand shards shows in the first few."""

CAUSES = "why results would differ:"
EFFECTS = "what differs:"
NO_CAUSE = (
    "  no cause is recorded: vocabulary, settings, versions and listings agree; the recordings may differ"
)


def compare_manifests(one: Manifest, other: Manifest) -> list[str]:
    """One line per difference, causes (settings, versions, inputs) before effects; empty if none.

    The facts of the runs (time, host, command) and the folders of the shards are not compared.
    """
    causes = [
        *_differences("vocabulary", one.vocabulary.model_dump(), other.vocabulary.model_dump()),
        *_settings_differences(one, other),
        *_differences("sources", _sources(one), _sources(other)),
        *_differences("part", _part(one), _part(other)),
        *_differences("history", _history(one), _history(other)),
    ]
    effects = [
        *_differences("name", one.name, other.name),
        *_differences("counts", one.counts.model_dump(), other.counts.model_dump()),
        *_differences("dropped list", one.dropped.sha256, other.dropped.sha256),
        *_differences("shards", _shards(one), _shards(other)),
        *_differences("statistics", _statistics(one), _statistics(other)),
        *_differences("phones", one.statistics.phone_counts, other.statistics.phone_counts),
        *_differences("speakers", _speakers(one), _speakers(other)),
    ]
    if not causes and not effects:
        return []
    return [CAUSES, *(causes or [NO_CAUSE]), EFFECTS, *effects]


def _settings_differences(one: Manifest, other: Manifest) -> Iterator[str]:
    if len(one.settings) != len(other.settings):
        yield f"  settings: {len(one.settings)} sets of them against {len(other.settings)}"
        return
    for number, (left, right) in enumerate(zip(one.settings, other.settings, strict=True)):
        place = "settings" if len(one.settings) == 1 else f"settings[{number}]"
        yield from _differences(place, left.values, right.values)
        yield from _differences(f"{place}.versions", left.versions, right.versions)


def _sources(manifest: Manifest) -> dict[str, str]:
    return {
        f"{source.corpus.name} {source.listing_sha256[:8]}": _source(source) for source in manifest.sources
    }


def _source(source: SourceRecord) -> str:
    return f"{source.utterances} utterances of {source.corpus.title} ({source.corpus.licence})"


def _part(manifest: Manifest) -> str | None:
    return None if manifest.part is None else f"{manifest.part.number} of {manifest.part.of}"


def _history(manifest: Manifest) -> dict[str, str]:
    return {f"{number}": line for number, line in enumerate(manifest.history, start=1)}


def _shards(manifest: Manifest) -> dict[str, str]:
    return {f"{shard.path} {shard.split}": _shard(shard) for shard in manifest.shards}


def _shard(shard: ShardRecord) -> str:
    rows = f"{shard.rows} rows" if shard.ranges is None else f"{shard.rows} of {shard.stored_rows} rows"
    where = "" if shard.ranges is None else f" ({_shown(' '.join(f'{a}-{b}' for a, b in shard.ranges))})"
    return f"{rows}{where} of {shard.sha256[:8]}"


def _statistics(manifest: Manifest) -> dict[str, Any]:
    return manifest.statistics.model_dump(exclude={"phone_counts", "speakers"})


def _speakers(manifest: Manifest) -> dict[str, str]:
    return {
        name: f"{speaker.utterances} utterances, {speaker.seconds:.1f} s"
        for name, speaker in manifest.statistics.speakers.items()
    }


def _differences(place: str, one: Any, other: Any) -> Iterator[str]:
    """The first leaves in which two trees of dictionaries differ, and how many more there are."""
    leaves = _leaves(place, one, other)
    yield from islice(leaves, MAX_LINES)
    more = sum(1 for _ in leaves)
    if more:
        yield f"  {place}: {more} more"


def _leaves(place: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _leaves(f"{place}.{key}", one.get(key), other.get(key))
    elif one != other:
        line = f"  {_shown(place)}: {_shown(one)} against {_shown(other)}"
        yield one_line(line)


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
