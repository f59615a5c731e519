"""What differs between two manifests, and why results would."""

from collections.abc import Iterator
from typing import Any

from pipeline.contract.manifest import Manifest


def compare_manifests(one: Manifest, other: Manifest) -> list[str]:
    """One line a difference, causes (settings, versions, inputs) before effects; empty if none.

    The facts of the runs (time, host, command) are no difference.
    """
    return [
        *_differences("vocabulary", one.vocabulary.model_dump(), other.vocabulary.model_dump()),
        *_settings_differences(one, other),
        *_differences("sources", _sources(one), _sources(other)),
        *_differences("part", one.part and one.part.model_dump(), other.part and other.part.model_dump()),
        *_differences("history", list(one.history), list(other.history)),
        *_differences("counts", one.counts.model_dump(), other.counts.model_dump()),
        *_differences("shards", _shards(one), _shards(other)),
        *_differences("statistics", one.statistics.model_dump(), other.statistics.model_dump()),
    ]


def _settings_differences(one: Manifest, other: Manifest) -> Iterator[str]:
    if len(one.settings) != len(other.settings):
        yield f"settings: {len(one.settings)} sets of them against {len(other.settings)}"
        return
    for number, (left, right) in enumerate(zip(one.settings, other.settings, strict=True)):
        place = "settings" if len(one.settings) == 1 else f"settings[{number}]"
        yield from _differences(place, left.values, right.values)
        yield from _differences(f"{place}.versions", left.versions, right.versions)


def _sources(manifest: Manifest) -> dict[str, Any]:
    return {source.listing_sha256[:16]: source.model_dump() for source in manifest.sources}


def _shards(manifest: Manifest) -> dict[str, Any]:
    return {
        f"{shard.path}[{shard.split}]": shard.model_dump(include={"sha256", "rows", "ranges"})
        for shard in manifest.shards
    }


def _differences(place: str, one: Any, other: Any) -> Iterator[str]:
    """The leaves in which two trees of dictionaries differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differences(f"{place}.{key}", one.get(key), other.get(key))
    elif one != other:
        yield f"{place}: {_shown(one)} against {_shown(other)}"


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
