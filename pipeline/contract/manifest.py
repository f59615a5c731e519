"""The manifest: one JSON document that proves what a set of shards is.

Everything outside `run` depends only on the input, the settings and the versions: two runs
over the same corpus give the same bytes there. Paths of shards are relative to `root`, and
`root` is relative to the manifest's own folder; the dropped list's path is relative to `root` in
version 1 and to the manifest's folder in version 2. A manifest may use only some rows of a shard
(`ShardRecord.ranges`), so a split or a filter rewrites no audio. manifest_file.py reads and
writes the document.
"""

import json
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.contract.names import FilePath, Name, RootPath, SplitName
from pipeline.contract.vocabulary import BLANK_ID, Vocabulary

MAX_COUNT = 2**53  # JSON readers in other languages count exactly up to here
MAX_PARTS = 100_000
MAX_DROPPED = 2_500_000
"""Lines of the dropped list: merge, split and filter take 1.8 GB for so many."""

MAX_RANGES = 50_000
"""In one shard record: every second row of the largest shard, several times over."""

MAX_RECORDS_OF_A_FILE = 64
"""A shard is opened once for each: a record for each of its splits, and for each filter that was merged."""


FIRST_FAULT = Field(fail_fast=True)  # a list of a million errors helps nobody and takes gigabytes
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Record(BaseModel):
    """Base of every part of the manifest: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CorpusRecord(Record):
    """Where recordings come from."""

    name: Name
    title: Name
    licence: Name


class SourceRecord(Record):
    """A raw corpus and what was found in it.

    `listing_sha256` covers every utterance with its path, size and transcript.
    """

    corpus: CorpusRecord
    listing_sha256: Sha256
    utterances: Count


class SettingsRecord(Record):
    """How shards were made: the pipeline's settings in full, their fingerprint, the versions."""

    fingerprint: Sha256
    values: dict[str, Any]
    versions: Annotated[dict[str, str], FIRST_FAULT]


class PartRecord(Record):
    """One machine's share of a run divided over several: `number` of `of`, counted from 1."""

    number: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1, le=MAX_PARTS)]

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.number > self.of:
            raise ValueError(f"there is no part {self.number} of {self.of}")
        return self


class VocabularyRecord(Record):
    """The label vocabulary: symbol i has id i + 1, id 0 is the CTC blank."""

    name: Name
    language: Name
    blank_id: Literal[0]
    symbols: Annotated[tuple[Name, ...], Field(min_length=1, max_length=254, fail_fast=True)]
    sha256: Sha256

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Self:
        """The record of `vocabulary`."""
        return cls(
            name=vocabulary.name,
            language=vocabulary.language,
            blank_id=BLANK_ID,
            symbols=vocabulary.symbols,
            sha256=vocabulary.sha256,
        )

    def vocabulary(self) -> Vocabulary:
        """The vocabulary recorded here."""
        return Vocabulary(self.name, self.language, self.symbols)

    @model_validator(mode="after")
    def _hash_matches(self) -> Self:
        if self.vocabulary().sha256 != self.sha256:
            raise ValueError("the vocabulary's symbols do not have the recorded sha256")
        return self


class ShardRecord(Record):
    """The rows of one Arrow file that belong to the dataset.

    Attributes:
        path: Relative to the manifest's `root`, with forward slashes.
        stored_rows: Rows in the file.
        rows: Rows that belong to the dataset.
        ranges: Those rows as [start, end) pairs in order; None means all of them.
        settings: Index into the manifest's `settings`: those the file was made with.
    """

    path: FilePath
    sha256: Sha256
    bytes: Count
    stored_rows: Count
    rows: Count
    ranges: Annotated[tuple[tuple[Count, Count], ...], FIRST_FAULT] | None
    seconds: Seconds
    split: SplitName
    settings: Count

    def spans(self) -> tuple[tuple[int, int], ...]:
        """The rows of the file that belong to the dataset, as [start, end) pairs in order."""
        return ((0, self.stored_rows),) if self.ranges is None else self.ranges

    @model_validator(mode="after")
    def _ranges_match(self) -> Self:
        ranges = self.spans()
        edges = [edge for pair in ranges for edge in pair]
        if self.ranges is not None and any(start == end for start, end in ranges):
            raise ValueError("a range holds no row")
        if len(ranges) > MAX_RANGES:
            raise ValueError(f"{len(ranges):,} ranges, at most {MAX_RANGES:,} are read")
        if edges != sorted(edges) or (edges and edges[-1] > self.stored_rows):
            raise ValueError("ranges must be in order, disjoint and inside the stored rows")
        if sum(end - start for start, end in ranges) != self.rows:
            raise ValueError("the ranges do not hold the recorded number of rows")
        return self


class DroppedRecord(Record):
    """The list of rejected utterances (JSON lines, each a `DroppedLine`)."""

    path: FilePath
    sha256: Sha256
    rows: Annotated[int, Field(ge=0, le=MAX_DROPPED)]


class DroppedLine(Record):
    """One line of the dropped list."""

    id: str
    stage: str
    reason: str
    detail: str


class Counts(Record):
    """Utterances: read = kept + dropped."""

    read: Count
    kept: Count
    dropped: Annotated[dict[str, Count], FIRST_FAULT]

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if self.read != self.kept + sum(self.dropped.values()):
            raise ValueError("counts do not add up: read must equal kept + dropped")
        return self


class SpeakerRecord(Record):
    """The kept utterances of one speaker."""

    utterances: Count
    seconds: Seconds


class Statistics(Record):
    """Figures over the kept utterances.

    Seconds are whole samples at 16 kHz, not rounded. `seconds_in` is the length of the
    utterances before silence was collapsed.
    """

    seconds_in: Seconds
    seconds_out: Seconds
    silence_removed_s: Seconds
    shortest_s: Seconds
    longest_s: Seconds
    phones: Count
    phones_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    phone_counts: Annotated[dict[str, Count], FIRST_FAULT]
    speakers: Annotated[dict[str, SpeakerRecord], FIRST_FAULT]


class RunRecord(Record):
    """Facts of the run that made the shards; they do not change the shards' bytes."""

    command: str
    host: str
    started: str
    seconds: Seconds
    jobs: int


class Manifest(Record):
    """The whole document, as teammates hand it to each other."""

    contract_version: Literal[1, 2]
    name: Name
    part: PartRecord | None
    sources: Annotated[tuple[SourceRecord, ...], Field(min_length=1, fail_fast=True)]
    settings: Annotated[tuple[SettingsRecord, ...], Field(min_length=1, fail_fast=True)]
    vocabulary: VocabularyRecord
    root: RootPath
    shards: Annotated[tuple[ShardRecord, ...], FIRST_FAULT]
    counts: Counts
    dropped: DroppedRecord
    statistics: Statistics
    history: Annotated[tuple[str, ...], FIRST_FAULT]  # what was done since the shards were made
    run: RunRecord

    @model_validator(mode="after")
    def _rows_match(self) -> Self:
        rows = sum(shard.rows for shard in self.shards)
        if rows != self.counts.kept:
            raise ValueError(f"the shards hold {rows} rows, counts.kept says {self.counts.kept}")
        if not all(shard.rows for shard in self.shards):
            raise ValueError("a shard without rows of the dataset")
        if any(shard.settings >= len(self.settings) for shard in self.shards):
            raise ValueError("a shard names settings that the manifest does not hold")
        if self.dropped.rows != sum(self.counts.dropped.values()):
            raise ValueError("dropped.rows does not match counts.dropped")
        return self

    @model_validator(mode="after")
    def _no_row_is_used_twice(self) -> Self:
        files: dict[str, list[ShardRecord]] = {}
        for shard in self.shards:
            files.setdefault(shard.path, []).append(shard)
        for path, records in files.items():
            if len(records) > MAX_RECORDS_OF_A_FILE:
                raise ValueError(f"{len(records):,} records of {path}, {MAX_RECORDS_OF_A_FILE} are read")
            if len({(record.sha256, record.bytes, record.stored_rows) for record in records}) > 1:
                raise ValueError(f"the records of {path} describe different files")
            spans = sorted(span for record in records for span in record.spans())
            if any(earlier[1] > later[0] for earlier, later in pairwise(spans)):
                raise ValueError(f"a row of {path} is used twice")
        return self

    def to_json(self) -> str:
        """Canonical JSON text: sorted keys, one space of indent, a final newline."""
        content = self.model_dump(mode="json")
        return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1) + "\n"

    def split_shards(self, split: str) -> tuple[ShardRecord, ...]:
        """The shards of one split, in order."""
        return tuple(shard for shard in self.shards if shard.split == split)
