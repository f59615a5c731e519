"""Whether shards are what their manifest says: hashes and row counts, or every single row (`deep`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import file_sha256, is_regular
from pipeline.contract.manifest import Manifest, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.settings import fingerprint_values
from pipeline.dataset.dropped import count_reasons, read_dropped
from pipeline.dataset.statistics import Tally, summarise_tallies
from pipeline.dataset.views import tally_table

FEW = 3
"""Up to this many missing shards are named one by one even if all are missing."""

MAX_SHOWN = 20


def verify_manifest(opened: OpenedManifest, *, deep: bool) -> None:
    """Check the shards of a manifest.

    Args:
        deep: Also decode every row, check it, and derive its labels again from its text.

    Raises:
        HandOffBroken: Something is not as recorded; the first problems are named, one per line.
    """
    problems = list(_problems(opened, deep=deep))
    if problems:
        shown = problems[:MAX_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        raise HandOffBroken(f"the shards do not match {opened.path}:", *shown)


def _problems(opened: OpenedManifest, *, deep: bool) -> Iterator[str]:
    yield from _settings_problems(opened.manifest)
    yield from _dropped_problems(opened)
    shards = opened.manifest.shards
    if len(shards) > FEW and not any((opened.folder / shard.path).exists() for shard in shards):
        yield f"none of its {len(shards)} shards is in {opened.folder}: give their folder with --root"
        return
    seen: set[str] = set()
    tallies: list[Tally] = []
    hashes: dict[Path, str] = {}
    for shard in opened.manifest.shards:
        try:
            problem = _file_problem(shard, opened.locate(shard.path), hashes)
            table = None if problem else opened.rows(shard)
        except HandOffBroken as error:
            problem = str(error)
        if problem is not None:
            yield f"shard {shard.path}: {problem}"
        elif deep:
            tally = tally_table(table, opened.manifest.vocabulary.symbols)
            tallies.append(tally)
            if tally.samples_out / SAMPLE_RATE_HZ != shard.seconds:
                seconds = tally.samples_out / SAMPLE_RATE_HZ
                yield f"shard {shard.path}: {seconds} s, the manifest says {shard.seconds}"
            for line in _row_problems(opened, table, shard, seen):
                yield f"shard {shard.path}, {line}"
    if deep and len(tallies) == len(opened.manifest.shards):
        yield from _statistics_problems(opened.manifest, tallies)


def _settings_problems(manifest: Manifest) -> Iterator[str]:
    for number, record in enumerate(manifest.settings):
        if fingerprint_values(record.values) != record.fingerprint:
            yield f"settings[{number}]: the fingerprint does not match the values"


def _row_problems(opened: OpenedManifest, table: Any, shard: ShardRecord, seen: set[str]) -> Iterator[str]:
    from pipeline.dataset.examine import examine_rows

    return examine_rows(opened, table, shard, seen)


def _statistics_problems(manifest: Manifest, tallies: list[Tally]) -> Iterator[str]:
    found = summarise_tallies(tallies, manifest.vocabulary.symbols).model_dump()
    for name, value in manifest.statistics.model_dump().items():
        if value != found[name]:
            yield f"statistics.{name}: the shards' rows add up to something else"


def _file_problem(shard: ShardRecord, path: Path, hashes: dict[Path, str]) -> str | None:
    """What is wrong with a shard's bytes; a file is hashed once, however many splits share it."""
    if not is_regular(path):
        return f"missing from {path.parent}; copy it beside the others, or give --root"
    size = path.stat().st_size
    if size != shard.bytes:
        return f"{size} bytes, the manifest says {shard.bytes}"
    if path not in hashes:
        hashes[path] = file_sha256(path)
    sha256 = hashes[path]
    if sha256 != shard.sha256:
        return f"sha256 {sha256[:16]}…, the manifest says {shard.sha256[:16]}…: its bytes have changed"
    return None


def _dropped_problems(opened: OpenedManifest) -> Iterator[str]:
    try:
        reasons = count_reasons(read_dropped(opened))
    except HandOffBroken as error:
        yield str(error)
        return
    if reasons != dict(opened.manifest.counts.dropped):
        yield f"{opened.manifest.dropped.path}: its reasons do not match counts.dropped"
