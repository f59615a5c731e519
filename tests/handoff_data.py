"""Small datasets out of nothing but names: rows of a tenth of a second, written as the pipeline does."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from pipeline.contract.manifest import (
    CorpusRecord,
    DroppedLine,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    VocabularyRecord,
)
from pipeline.contract.opened import open_manifest
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.contract.vocabulary import KOREAN, Vocabulary
from pipeline.dataset.builder import Content, Destination, Provenance, publish_manifest
from pipeline.dataset.dropped import dropped_path_of_run
from pipeline.dataset.statistics import Tally, Tallying
from pipeline.record import (
    AudioSource,
    Clip,
    Example,
    Labelled,
    Measurements,
    SourceSpan,
    Transcript,
    Utterance,
    UtteranceId,
)
from pipeline.settings import PipelineSettings
from pipeline.shards import writer
from pipeline.shards.settings import ShardSettings
from pipeline.shards.writer import ShardWriter

WORDS = (("강", "gang", "k ɑ ŋ"), ("나무", "namu", "n ɑ m u"), ("오이", "o-i", "o i"))
FLAC = ShardSettings(audio="flac")


@dataclass(frozen=True)
class Person:
    """A speaker (None: unnamed) and how many utterances they spoke."""

    name: str | None
    utterances: int
    split: str = "train"


def write_dataset(
    folder: Path,
    name: str,
    people: Sequence[Person],
    *,
    settings: PipelineSettings = PipelineSettings(),  # noqa: B008 - frozen
    vocabulary: Vocabulary = KOREAN,
    dropped: Sequence[DroppedLine] = (),
    rows_per_batch: int = writer.ROWS_PER_BATCH,
) -> Path:
    """`folder`/<name>.json and `folder`/shards/<split>-00000.arrow; ids begin with `name`."""
    manifest, root = folder / f"{name}.json", folder / "shards"
    shards, tallies = [], []
    for split in sorted({person.split for person in people}):
        examples = [
            example for person in people if person.split == split for example in _examples(name, person)
        ]
        with patch.object(writer, "ROWS_PER_BATCH", rows_per_batch):
            shard, tally = _write_shard(root / f"{split}-00000.arrow", examples, settings=settings.shards)
        shards.append(shard)
        tallies.append(tally)
    source = SourceRecord(
        corpus=CorpusRecord(name=name, title=name.title(), licence="CC0 1.0"),
        listing_sha256=hashlib.sha256(name.encode()).hexdigest(),
        utterances=sum(shard.rows for shard in shards) + len(dropped),
    )
    how = SettingsRecord(
        fingerprint=settings.fingerprint(),
        values=settings.model_dump(mode="json"),
        versions={"malsori": "0"},
    )
    publish_manifest(
        Provenance(name=name, sources=[source], settings=[how], vocabulary=VocabularyRecord.of(vocabulary)),
        Content(shards=shards, tallies=tallies, dropped=dropped),
        Destination(manifest=manifest, root=root, dropped=dropped_path_of_run(manifest, folder=root)),
        run=RunRecord(command="", host="", started="", seconds=0.0, jobs=1),
    )
    return manifest


def splits_of(manifest: Path) -> dict[str, set[str]]:
    """Speaker (or the id of an utterance without one) -> the splits it is in."""
    opened = open_manifest(manifest)
    found: dict[str, set[str]] = {}
    for shard in opened.manifest.shards:
        for row in opened.rows(shard, ["id", "speaker"]).to_pylist():
            found.setdefault(row["speaker"] or row["id"], set()).add(shard.split)
    return found


def _write_shard(
    path: Path, examples: Sequence[Example], *, settings: ShardSettings
) -> tuple[ShardRecord, Tally]:
    tallying = Tallying()
    with ShardWriter.open(path, settings=settings) as shard_writer:
        for example in examples:
            shard_writer.add(example)
            tallying.add(
                source_samples=example.source.length,
                source_rate_hz=example.source.rate_hz,
                num_samples=example.clip.wave.size,
                removed_samples=0,
                phones=example.labelled.ipa,
                speaker=example.utterance.speaker,
            )
    written = shard_writer.finished()
    shard = ShardRecord(
        path=path.name,
        sha256=written.sha256,
        bytes=written.num_bytes,
        stored_rows=written.rows,
        rows=written.rows,
        ranges=None,
        seconds=written.num_samples / SAMPLE_RATE_HZ,
        split=examples[0].split,
        settings=0,
    )
    return shard, tallying.finish()


def _examples(corpus: str, person: Person) -> list[Example]:
    return [_example(corpus, person, number) for number in range(person.utterances)]


def _example(corpus: str, person: Person, number: int) -> Example:
    text, romanized, symbols = WORDS[number % len(WORDS)]
    ipa = tuple(symbols.split())
    num_samples = 1_600 + 160 * (number % 5)
    wave = (0.3 * np.sin(np.arange(num_samples) * (0.05 + 0.01 * number))).astype(np.float32)
    speaker = person.name and f"{corpus}/{person.name.rpartition('/')[2]}"
    return Example(
        utterance=Utterance(
            UtteranceId(f"{speaker or corpus}/{number:04d}"), speaker, AudioSource(Path("u.wav")), text
        ),
        transcript=Transcript(text, text),
        clip=Clip(wave, ((0, 3 * num_samples),), Measurements(0, -60.0, -20.0, 0.3)),
        labelled=Labelled(text, ipa, tuple(KOREAN.encode(ipa)), romanized),
        source_path="u.wav",
        source=SourceSpan(48_000, 0, 3 * num_samples, "0" * 64),
        split=person.split,
    )
