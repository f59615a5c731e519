"""Error rates of groups of utterances, and how far the rates may be off.

Rows are those of utterances.jsonl: whatever is here can be computed again from that file.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

from train.evaluation.metrics import Edits, bootstrap_interval

EvaluatedRow = dict[str, Any]
SECONDS: Final = (2, 4, 8, 16)
SNR_DB: Final = (10, 20, 30, 40, 50)


def break_down(rows: Sequence[EvaluatedRow]) -> dict[str, Any]:
    """CER, 95 % intervals, and the rates by speaker, duration and SNR, where these are known."""
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
    """The rows with the highest PER, the longer ones first among equals; none that is right."""
    wrong = (row for row in rows if row["per"])
    return sorted(wrong, key=lambda row: (-row["per"], -row["reference_phones"], row["id"]))[:count]


def _by(rows: Sequence[EvaluatedRow], key: Callable[[EvaluatedRow], Any]) -> dict[str, dict[str, Any]]:
    """Rates of each group, in the order of its key; rows without one are left out."""
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
    """A speaker as it is; a bucket as `<2`, `2-4`, `>=16`."""
    if isinstance(key, str):
        return key
    low, high = key
    if low == float("-inf"):
        return f"<{high}"
    return f">={low}" if high == float("inf") else f"{low}-{high}"
