"""Edit distance and phone error rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Pair = tuple[int | None, int | None]
"""(reference, hypothesis): one of them is None for an insertion or a deletion."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Edits that turn references into hypotheses; they add up over utterances."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_phones: int = 0

    def __add__(self, other: "Edits") -> "Edits":
        return Edits(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference_phones + other.reference_phones,
        )

    @property
    def per(self) -> float:
        """Phone error rate: edits for each reference phone; it may exceed 1.

        Raises:
            ZeroDivisionError: There is no reference phone.
        """
        return (self.substitutions + self.deletions + self.insertions) / self.reference_phones


def count_edits(reference: Sequence[int], hypothesis: Sequence[int]) -> Edits:
    """The edits of one shortest alignment."""
    pairs = align(reference, hypothesis)
    return Edits(
        substitutions=sum(None not in pair and pair[0] != pair[1] for pair in pairs),
        deletions=sum(said is None for _, said in pairs),
        insertions=sum(meant is None for meant, _ in pairs),
        reference_phones=len(reference),
    )


def align(reference: Sequence[int], hypothesis: Sequence[int]) -> list[Pair]:
    """One shortest alignment (Levenshtein 1966); substitutions are preferred to gaps."""
    distance = _distances(reference, hypothesis)
    row, column = len(reference), len(hypothesis)
    pairs: list[Pair] = []
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


def _distances(reference: Sequence[int], hypothesis: Sequence[int]) -> list[list[int]]:
    """Edit distance of every pair of prefixes, a row at a time.

    Insertions within a row are a running minimum: d[j] = j + min over k <= j of (t[k] - k).
    """
    said = np.asarray(hypothesis, np.int64)
    columns = np.arange(len(said) + 1)
    row = columns
    rows = [row]
    for symbol in reference:
        best = row + 1
        best[1:] = np.minimum(best[1:], row[:-1] + (said != symbol))
        row = columns + np.minimum.accumulate(best - columns)
        rows.append(row)
    return [values.tolist() for values in rows]
