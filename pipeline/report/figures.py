"""Figures of all rows, gathered in one pass over the shards' columns, without their audio."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.opened import OpenedManifest
from pipeline.contract.schema import SAMPLE_RATE_HZ

COLUMNS = ("id", "speaker", "num_samples", "text", "labels", "measurements")
MEASURED = ("silence_removed_samples", "noise_floor_db", "speech_level_db", "peak")

Figure = npt.NDArray[np.float64]
"""One figure of each of R rows, shape (R,)."""

Item = TypeVar("Item")


@dataclass(slots=True)
class SpeechAmount:
    """How much there is of something: utterances, and samples of 16 kHz audio."""

    utterances: int = 0
    samples: int = 0

    @property
    def seconds(self) -> float:
        """The length of the audio."""
        return self.samples / SAMPLE_RATE_HZ

    def add(self, *, utterances: int, samples: int) -> None:
        """Count more."""
        self.utterances += utterances
        self.samples += samples


@dataclass(slots=True)
class Speaker:
    """How much one speaker said, and in which splits."""

    amount: SpeechAmount = field(default_factory=SpeechAmount)
    splits: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RowFigures:
    """Figures of all R rows, in the order of the manifest's shards.

    Attributes:
        first_rows: Position of each shard's first row, shape (shards,).
        by_name: duration_s, phones_per_second, noise_floor_db, speech_level_db, peak and
            silence_removed_s, each of shape (R,). Measurements may hold any value, even NaN.
        phones: How often each symbol of the vocabulary occurs.
        characters: How often each character of the texts occurs.
        splits: How much each split holds.
        speakers: By name; rows without a speaker are counted in `num_unnamed`.
        sample: Positions of the sampled rows, in order.
    """

    first_rows: npt.NDArray[np.int64]
    by_name: dict[str, Figure]
    phones: dict[str, int]
    characters: Counter[str]
    splits: dict[str, SpeechAmount]
    speakers: dict[str, Speaker]
    num_unnamed: int
    sample: list[int]

    @property
    def num_rows(self) -> int:
        """R."""
        return int(self.by_name["duration_s"].size)

    @property
    def seconds(self) -> float:
        """The length of all rows together."""
        return sum(amount.samples for amount in self.splits.values()) / SAMPLE_RATE_HZ

    def locate(self, position: int) -> tuple[int, int]:
        """The index of the shard that holds the row at `position`, and the row's index in its table."""
        shard = int(np.searchsorted(self.first_rows, position, side="right")) - 1
        return shard, position - int(self.first_rows[shard])


def gather_figures(opened: OpenedManifest, *, samples: int, seed: int) -> RowFigures:
    """Read the columns of every shard, one shard at a time.

    Memory holds 6 numbers a row, the sample, and the counts of speakers and characters.

    Args:
        samples: How many rows to sample.
        seed: Decides which rows are sampled.

    Raises:
        HandOffBroken: A shard is missing, or is not what the manifest says.
    """
    symbols = opened.manifest.vocabulary.symbols
    totals = _Totals(sample=SeededSample(samples, seed=seed), phones=np.zeros(len(symbols) + 1, np.int64))
    for shard in opened.manifest.shards:
        totals.add(opened.rows(shard, COLUMNS), split=shard.split)
    return totals.figures(symbols)


class SeededSample(Generic[Item]):
    """Up to `size` of the items it is offered: those whose keys hash lowest under the seed.

    Which items these are does not depend on the order in which they are offered.
    """

    def __init__(self, size: int, *, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._heap: list[tuple[int, int, Item]] = []
        self._num_seen = 0

    def add(self, key: str, item: Item) -> None:
        """Offer one item."""
        digest = hashlib.sha256(f"{self._seed}:{key}".encode()).digest()
        self._num_seen += 1
        entry = (-int.from_bytes(digest[:8], "big"), -self._num_seen, item)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif self._heap:
            heapq.heappushpop(self._heap, entry)

    def items(self) -> list[Item]:
        """The sample so far, in the order in which its items were offered."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: -entry[1])]


@dataclass(slots=True)
class _Totals:
    sample: SeededSample[int]
    phones: npt.NDArray[np.int64]
    of_shards: list[dict[str, Figure]] = field(default_factory=list)
    first_rows: list[int] = field(default_factory=list)
    characters: Counter[str] = field(default_factory=Counter)
    splits: dict[str, SpeechAmount] = field(default_factory=dict)
    speakers: dict[str, Speaker] = field(default_factory=dict)
    num_rows: int = 0
    num_unnamed: int = 0

    def add(self, table: pa.Table, *, split: str) -> None:
        """Count the rows of one shard."""
        self.first_rows.append(self.num_rows)
        self.of_shards.append(_row_figures(table))
        self.phones += np.bincount(
            pc.list_flatten(table.column("labels")).to_numpy(), minlength=self.phones.size
        )
        self.characters.update("".join(table.column("text").to_pylist()))
        amount = self.splits.setdefault(split, SpeechAmount())
        amount.add(utterances=table.num_rows, samples=pc.sum(table.column("num_samples")).as_py() or 0)
        self._add_speakers(table, split)
        for row, name in enumerate(table.column("id").to_pylist()):
            self.sample.add(name, self.num_rows + row)
        self.num_rows += table.num_rows

    def _add_speakers(self, table: pa.Table, split: str) -> None:
        pairs = table.select(["speaker", "num_samples"])
        totals = pairs.group_by("speaker").aggregate([("num_samples", "count"), ("num_samples", "sum")])
        for row in totals.to_pylist():
            if row["speaker"] is None:
                self.num_unnamed += row["num_samples_count"]
                continue
            speaker = self.speakers.setdefault(row["speaker"], Speaker())
            speaker.amount.add(utterances=row["num_samples_count"], samples=row["num_samples_sum"])
            speaker.splits.add(split)

    def figures(self, symbols: Sequence[str]) -> RowFigures:
        """The figures of all shards that were added."""
        names = self.of_shards[0] if self.of_shards else _row_figures(pa.table(_NO_ROWS))
        return RowFigures(
            first_rows=np.array(self.first_rows, np.int64),
            by_name={
                name: np.concatenate([np.empty(0), *(shard[name] for shard in self.of_shards)])
                for name in names
            },
            phones={symbol: int(self.phones[label]) for label, symbol in enumerate(symbols, start=1)},
            characters=self.characters,
            splits=self.splits,
            speakers=dict(sorted(self.speakers.items())),
            num_unnamed=self.num_unnamed,
            sample=self.sample.items(),
        )


_NO_ROWS: dict[str, Any] = {
    "num_samples": pa.array([], pa.int64()),
    "labels": pa.array([], pa.list_(pa.uint8())),
    "measurements": pa.array([], pa.struct([(name, pa.float64()) for name in MEASURED])),
}


def _row_figures(table: pa.Table) -> dict[str, Figure]:
    measured = table.column("measurements").combine_chunks()
    removed, floor, level, peak = (
        measured.field(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in MEASURED
    )
    duration_s = table.column("num_samples").to_numpy() / SAMPLE_RATE_HZ
    num_phones = pc.list_value_length(table.column("labels")).to_numpy()
    return {
        "duration_s": duration_s,
        "speech_level_db": level,
        "noise_floor_db": floor,
        "phones_per_second": num_phones / duration_s,
        "silence_removed_s": removed / SAMPLE_RATE_HZ,
        "peak": peak,
    }
