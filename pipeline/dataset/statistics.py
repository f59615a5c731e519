"""Figures over utterances: counted in whole samples shard by shard, so that their sum is exact."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.contract.manifest import Count, Record, SpeakerRecord, Statistics
from pipeline.contract.schema import SAMPLE_RATE_HZ


class Tally(Record):
    """Figures over the kept utterances of one shard; all lengths are samples at 16 kHz."""

    samples_in: Count
    samples_out: Count
    samples_removed: Count
    shortest: Count
    longest: Count
    phones: dict[str, Count]
    speakers: dict[str, tuple[Count, Count]]  # utterances, samples


@dataclass(slots=True)
class Tallying:
    """Counts the utterances of a shard one by one; gives their tally."""

    samples_in: int = 0
    samples_out: int = 0
    samples_removed: int = 0
    shortest: int | None = None
    longest: int = 0
    phones: Counter[str] = field(default_factory=Counter)
    speakers: dict[str, list[int]] = field(default_factory=dict)

    def add(
        self,
        *,
        source_samples: int,
        source_rate_hz: int,
        num_samples: int,
        removed_samples: int,
        phones: Iterable[str],
        speaker: str | None,
    ) -> None:
        """Count one utterance."""
        self.samples_in += round(source_samples * SAMPLE_RATE_HZ / source_rate_hz)
        self.samples_out += num_samples
        self.samples_removed += removed_samples
        self.shortest = num_samples if self.shortest is None else min(self.shortest, num_samples)
        self.longest = max(self.longest, num_samples)
        self.phones.update(phones)
        if speaker is not None:
            totals = self.speakers.setdefault(speaker, [0, 0])
            totals[0] += 1
            totals[1] += num_samples

    def finish(self) -> Tally:
        """The tally of what was counted so far."""
        return Tally(
            samples_in=self.samples_in,
            samples_out=self.samples_out,
            samples_removed=self.samples_removed,
            shortest=self.shortest or 0,
            longest=self.longest,
            phones=dict(sorted(self.phones.items())),
            speakers={name: (totals[0], totals[1]) for name, totals in sorted(self.speakers.items())},
        )


def summarise_tallies(tallies: Iterable[Tally], symbols: Sequence[str]) -> Statistics:
    """Add up the shards' tallies to the manifest's statistics; `symbols` is the vocabulary."""
    totals: Counter[str] = Counter()
    phones: Counter[str] = Counter()
    speakers: dict[str, list[int]] = {}
    lengths: list[int] = []
    for tally in tallies:
        totals.update({"in": tally.samples_in, "out": tally.samples_out, "removed": tally.samples_removed})
        phones.update(tally.phones)
        lengths += [tally.shortest, tally.longest]
        for speaker, (utterances, samples) in tally.speakers.items():
            sums = speakers.setdefault(speaker, [0, 0])
            sums[0] += utterances
            sums[1] += samples
    seconds_out = totals["out"] / SAMPLE_RATE_HZ
    return Statistics(
        seconds_in=totals["in"] / SAMPLE_RATE_HZ,
        seconds_out=seconds_out,
        silence_removed_s=totals["removed"] / SAMPLE_RATE_HZ,
        shortest_s=min(lengths, default=0) / SAMPLE_RATE_HZ,
        longest_s=max(lengths, default=0) / SAMPLE_RATE_HZ,
        phones=phones.total(),
        phones_per_second=phones.total() / seconds_out if seconds_out else 0.0,
        phone_counts={symbol: phones[symbol] for symbol in symbols},
        speakers={
            name: SpeakerRecord(utterances=sums[0], seconds=sums[1] / SAMPLE_RATE_HZ)
            for name, sums in sorted(speakers.items())
        },
    )
