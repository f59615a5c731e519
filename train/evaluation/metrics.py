"""Edit distance, error rates, and how far a rate may be off."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

Symbol = TypeVar("Symbol", bound=Hashable)
RESAMPLES: Final = 1000
BOOTSTRAP_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Edits:
    """Edits that turn references into hypotheses; they add up over utterances."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_length: int = 0

    def __add__(self, other: "Edits") -> "Edits":
        return Edits(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference_length + other.reference_length,
        )

    @property
    def errors(self) -> int:
        """Edits of all three kinds."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Edits for each reference symbol (PER of phones, CER of characters); it may exceed 1.

        Raises:
            ZeroDivisionError: There is no reference symbol.
        """
        return self.errors / self.reference_length


def count_edits(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> Edits:
    """The edits of one shortest alignment."""
    pairs = align(reference, hypothesis)
    return Edits(
        substitutions=sum(None not in pair and pair[0] != pair[1] for pair in pairs),
        deletions=sum(said is None for _, said in pairs),
        insertions=sum(meant is None for meant, _ in pairs),
        reference_length=len(reference),
    )


def align(
    reference: Sequence[Symbol], hypothesis: Sequence[Symbol]
) -> list[tuple[Symbol | None, Symbol | None]]:
    """One shortest alignment (Levenshtein 1966); substitutions are preferred to gaps.

    Returns:
        (reference, hypothesis) pairs: one of them is None for an insertion or a deletion.
    """
    distance = _distances(reference, hypothesis)
    row, column = len(reference), len(hypothesis)
    pairs: list[tuple[Symbol | None, Symbol | None]] = []
    while row or column:
        here = distance[row][column]
        if row and column:
            differ = reference[row - 1] != hypothesis[column - 1]
            if here == distance[row - 1][column - 1] + differ:
                row, column = row - 1, column - 1
                pairs.append((reference[row], hypothesis[column]))
                continue
        if row and here == distance[row - 1][column] + 1:
            row -= 1
            pairs.append((reference[row], None))
        else:
            column -= 1
            pairs.append((None, hypothesis[column]))
    return pairs[::-1]


def bootstrap_interval(
    edits: Sequence[Edits], clusters: Sequence[Hashable] | None = None
) -> tuple[float, float]:
    """The middle 95 % of the rates of resampled utterances (Bisani and Ney 2004), seeded.

    Args:
        edits: Of each utterance.
        clusters: The speaker of each; whole speakers are then drawn, as their utterances are
            no independent measurements.

    Raises:
        ZeroDivisionError: There is no reference symbol.
    """
    if not sum(row.reference_length for row in edits):
        raise ZeroDivisionError("no reference symbol")
    drawn_together = range(len(edits)) if clusters is None else clusters
    places = {cluster: number for number, cluster in enumerate(dict.fromkeys(drawn_together))}
    numbers = [places[cluster] for cluster in drawn_together]
    errors = np.bincount(numbers, [row.errors for row in edits])
    lengths = np.bincount(numbers, [row.reference_length for row in edits])
    random = np.random.default_rng(BOOTSTRAP_SEED)
    rates = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(errors), len(errors))
        if lengths[drawn].sum():
            rates.append(errors[drawn].sum() / lengths[drawn].sum())
    low, high = np.quantile(rates, (0.025, 0.975))
    return float(low), float(high)


def _distances(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> list[list[int]]:
    """Edit distance of every pair of prefixes, a row at a time.

    Insertions within a row are a running minimum: d[j] = j + min over k <= j of (t[k] - k).
    """
    numbers = {symbol: number for number, symbol in enumerate((*reference, *hypothesis))}
    said = np.asarray([numbers[symbol] for symbol in hypothesis], np.int64)
    columns = np.arange(len(said) + 1)
    row = columns
    rows = [row]
    for symbol in reference:
        best = row + 1
        best[1:] = np.minimum(best[1:], row[:-1] + (said != numbers[symbol]))
        row = columns + np.minimum.accumulate(best - columns)
        rows.append(row)
    return [values.tolist() for values in rows]
