"""Segments of a long recording: which of them hold somebody else's speech too."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

TOLERATED_OVERLAP_S = 0.1
"""About a phone: segment boundaries set by ear are no more exact than that."""

MOST_NEIGHBOURS = 3
"""A segment that reaches over more later ones than this has a wrong end; they are innocent."""


@dataclass(frozen=True, slots=True)
class Span:
    """A segment of a recording, in seconds."""

    start_s: float
    end_s: float


def find_overlapping(spans: Sequence[Span]) -> set[int]:
    """Indices of the spans that overlap another one by more than what is tolerated.

    A span that swallows a row of others is overlapping; they are judged without it.
    """
    order = sorted(range(len(spans)), key=lambda index: (spans[index].start_s, spans[index].end_s))
    starts = [spans[index].start_s for index in order]
    overlapping: set[int] = set()
    latest: int | None = None  # of the spans seen so far, the one that ends last
    for position, index in enumerate(order):
        span = spans[index]
        reached = bisect_left(starts, span.end_s - TOLERATED_OVERLAP_S, lo=position + 1)
        if reached - position - 1 > MOST_NEIGHBOURS:
            overlapping.add(index)
            continue
        if latest is not None and _overlap(spans[latest], span) > TOLERATED_OVERLAP_S:
            overlapping.update((latest, index))
        if latest is None or span.end_s > spans[latest].end_s:
            latest = index
    return overlapping


def _overlap(one: Span, other: Span) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
