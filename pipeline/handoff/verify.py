"""Whether shards are what their manifest says: hashes and rows, or every row (`deep`)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.assemble import count_reasons
from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import file_sha256
from pipeline.contract.manifest import Manifest, ShardRecord
from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.handoff.derive import read_dropped

MAX_SHOWN = 20


@dataclass(slots=True)
class _Seen:
    """What the rows of all shards add up to."""

    ids: set[str] = field(default_factory=set)
    phones: Counter[str] = field(default_factory=Counter)


def verify_manifest(opened: OpenedManifest, *, deep: bool) -> None:
    """Check the shards of a manifest.

    Args:
        deep: Also decode every row, check it, and derive its labels again from its text.

    Raises:
        HandOffBroken: Something is not as recorded; the first problems are named, one a line.
    """
    problems = list(_problems(opened, deep=deep))
    if problems:
        shown = problems[:MAX_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        raise HandOffBroken("\n  ".join([f"{opened.path} does not describe what is there:", *shown]))


def _problems(opened: OpenedManifest, *, deep: bool) -> Iterator[str]:
    manifest = opened.manifest
    yield from _dropped_problems(opened)
    seen = _Seen()
    hashes: dict[Path, str] = {}
    for shard in manifest.shards:
        try:
            problem = _file_problem(shard, opened.locate(shard.path), hashes)
            table = None if problem else opened.rows(shard)
        except HandOffBroken as error:
            problem = str(error)
        if problem is not None:
            yield f"shard {shard.path}: {problem}"
            continue
        if deep:
            yield from _row_problems(table, shard, manifest, seen)
    if deep:
        expected = {symbol: count for symbol, count in manifest.statistics.phone_counts.items() if count}
        if dict(seen.phones) != expected:
            yield "statistics.phone_counts are not those of the shards' labels"


def _file_problem(shard: ShardRecord, path: Path, hashes: dict[Path, str]) -> str | None:
    """What is wrong with a shard's bytes; each file is hashed once, whatever splits it is in."""
    if not path.is_file():
        return f"missing from {path.parent}; copy it beside the others, or say --root"
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
        lines = read_dropped(opened)
    except HandOffBroken as error:
        yield str(error)
        return
    if count_reasons(lines) != dict(opened.manifest.counts.dropped):
        yield f"{opened.manifest.dropped.path}: its reasons are not those of counts.dropped"


def _row_problems(table: Any, shard: ShardRecord, manifest: Manifest, seen: _Seen) -> Iterator[str]:
    derived = _derive_labels(table, shard, manifest)
    num_samples = 0
    for batch in table.to_batches():
        for row in batch.to_pylist():
            num_samples += row["num_samples"]
            problem = _row_problem(row, next(derived), manifest)
            if row["id"] in seen.ids:
                problem = "the id occurs twice"
            seen.ids.add(row["id"])
            seen.phones.update(row["ipa"].split())
            if problem is not None:
                yield f"shard {shard.path}, utterance {row['id']}: {problem}"
    if num_samples / SAMPLE_RATE_HZ != shard.seconds:
        yield f"shard {shard.path}: {num_samples / SAMPLE_RATE_HZ} s, the manifest says {shard.seconds}"


def _derive_labels(table: Any, shard: ShardRecord, manifest: Manifest) -> Iterator[Any]:
    from pipeline.phonology import label_batch
    from pipeline.settings import PipelineSettings

    recorded = manifest.settings[shard.settings]
    settings = PipelineSettings.from_tables(recorded.values)
    if settings.fingerprint() != recorded.fingerprint:
        raise HandOffBroken("the fingerprint of the settings is not that of their values")
    return iter(label_batch(table.column("spoken").to_pylist(), settings=settings.phonology))


def _row_problem(row: dict[str, Any], derived: Any, manifest: Manifest) -> str | None:
    from pipeline.record import Labelled

    vocabulary = manifest.vocabulary.vocabulary()
    symbols = row["ipa"].split()
    unknown = sorted(set(symbols) - set(vocabulary.symbols))
    if unknown:
        return f"symbols outside the vocabulary: {' '.join(unknown)}"
    if vocabulary.encode(symbols) != row["labels"]:
        return "its labels are not its IPA"
    if not isinstance(derived, Labelled):
        return f"its text {row['spoken']!r} has no pronunciation here: {derived.detail}"
    if (derived.pronunciation, list(derived.labels)) != (row["pronunciation"], row["labels"]):
        return f"its text {row['spoken']!r} gives {' '.join(derived.ipa)}, the shard has {row['ipa']}"
    return _audio_problem(row)


def _audio_problem(row: dict[str, Any]) -> str | None:
    import io

    import numpy as np
    import soundfile

    try:
        wave, rate_hz = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
    except soundfile.LibsndfileError as error:
        return f"its audio cannot be decoded: {error}"
    if rate_hz != SAMPLE_RATE_HZ or wave.ndim != 1:
        return f"its audio has {rate_hz} Hz and {wave.ndim} dimensions, expected {SAMPLE_RATE_HZ} Hz mono"
    if wave.size != row["num_samples"]:
        return f"its audio has {wave.size} samples, num_samples says {row['num_samples']}"
    if not np.any(wave):
        return "its audio is all zero"
    spans = [(span["start"], span["end"]) for span in row["kept"]]
    first, last = row["source"]["offset"], row["source"]["offset"] + row["source"]["length"]
    edges = [first, *(edge for span in spans for edge in span), last]
    return None if edges == sorted(edges) and spans else "its kept spans are not inside its source, in order"
