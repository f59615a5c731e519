"""Error rates: of utterances, of groups of them, and how far they may be off.

The rows here are those of utterances.jsonl: every table can be computed again from that file.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest
from typing import Any, Final, TypeVar

import numpy as np
from rapidfuzz.distance import Levenshtein

Symbol = TypeVar("Symbol", bound=Hashable)
EvaluatedRow = dict[str, Any]
RESAMPLES: Final = 1000
BOOTSTRAP_SEED: Final = 0
SECONDS: Final = (2, 4, 8, 16)
SNR_DB: Final = (10, 20, 30, 40, 50)


@dataclass(frozen=True, slots=True)
class Edits:
    """The numbers of edits that turn references into hypotheses; they add up over utterances."""

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
        """Edits per reference symbol (the PER of phones, the CER of characters); may exceed 1.

        Raises:
            ZeroDivisionError: There is no reference symbol.
        """
        return self.errors / self.reference_length


def count_edits(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> Edits:
    """The edits of one shortest alignment, the one that `align` gives."""
    counts = Counter(edit.tag for edit in Levenshtein.editops(reference, hypothesis))
    return Edits(counts["replace"], counts["delete"], counts["insert"], len(reference))


def align(
    reference: Sequence[Symbol], hypothesis: Sequence[Symbol]
) -> list[tuple[Symbol | None, Symbol | None]]:
    """One shortest alignment (Levenshtein 1966).

    The number of edits is the same in all shortest alignments; how many of them are
    substitutions is not. This one comes from rapidfuzz, as in jiwer.

    Returns:
        Pairs (reference, hypothesis); one side is None for an insertion or a deletion.
    """
    pairs: list[tuple[Symbol | None, Symbol | None]] = []
    for block in Levenshtein.opcodes(reference, hypothesis):
        meant = reference[block.src_start : block.src_end]
        said = hypothesis[block.dest_start : block.dest_end]
        pairs += zip_longest(meant, said)
    return pairs


def bootstrap_interval(
    edits: Sequence[Edits], clusters: Sequence[Hashable] | None = None
) -> tuple[float, float]:
    """The middle 95 % of the error rates of resampled utterances (Bisani and Ney 2004), seeded.

    Args:
        edits: The edits of each utterance.
        clusters: The speaker of each utterance. Given these, whole speakers are drawn, because
            utterances of one speaker are not independent measurements.

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


def break_down(rows: Sequence[EvaluatedRow]) -> dict[str, Any]:
    """CER, 95 % intervals, and error rates by speaker, duration and SNR, where these are known."""
    edits = [row_edits(row) for row in rows]
    speakers = [row["speaker"] for row in rows]
    intervals = {"by_utterance": bootstrap_interval(edits)}
    if None not in speakers and len(set(speakers)) > 1:
        intervals["by_speaker"] = bootstrap_interval(edits, speakers)
    return {
        "per_95": intervals,
        "cer": _cer(rows),
        "by_speaker": _by(rows, lambda row: row["speaker"]),
        "by_seconds": _by(rows, lambda row: _bucket(row["seconds"], SECONDS)),
        "by_snr_db": _by(rows, lambda row: _bucket(row["snr_db"], SNR_DB)),
    }


def row_edits(row: EvaluatedRow) -> Edits:
    """The phone edits of a row."""
    keys = ("substitutions", "deletions", "insertions", "reference_phones")
    return Edits(*(row[key] for key in keys))


def worst(rows: Iterable[EvaluatedRow], count: int) -> list[EvaluatedRow]:
    """The `count` rows with the highest PER, of equal ones the longer; rows without errors are left out."""
    wrong = (row for row in rows if row["per"])
    return sorted(wrong, key=lambda row: (-row["per"], -row["reference_phones"], row["id"]))[:count]


def _by(rows: Sequence[EvaluatedRow], key: Callable[[EvaluatedRow], Any]) -> dict[str, dict[str, Any]]:
    """The error rates of each group, in order of its key; rows whose key is None are left out."""
    known = sorted((row for row in rows if key(row) is not None), key=key)
    groups = ((name, list(members)) for name, members in groupby(known, key))
    return {_name(name): _rates(members) for name, members in groups}


def _rates(rows: Sequence[EvaluatedRow]) -> dict[str, Any]:
    edits = sum(map(row_edits, rows), Edits())
    return {
        "per": edits.rate if edits.reference_length else None,
        "cer": _cer(rows),
        "substitutions": edits.substitutions,
        "deletions": edits.deletions,
        "insertions": edits.insertions,
        "reference_phones": edits.reference_length,
        "utterances": len(rows),
    }


def _cer(rows: Sequence[EvaluatedRow]) -> float | None:
    characters = sum(row["reference_characters"] for row in rows)
    return sum(row["character_errors"] for row in rows) / characters if characters else None


def _bucket(value: float | None, edges: Sequence[int]) -> tuple[float, float] | None:
    if value is None:
        return None
    bounds = pairwise((float("-inf"), *edges, float("inf")))
    return next((low, high) for low, high in bounds if low <= value < high)


def _name(key: Any) -> str:
    """The name of a group: a speaker's as it is, a bucket's as `<2`, `2-4` or `>=16`."""
    if isinstance(key, str):
        return key
    low, high = key
    if low == float("-inf"):
        return f"<{high}"
    return f">={low}" if high == float("inf") else f"{low}-{high}"
