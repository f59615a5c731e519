"""What the values of a shard's rows may be, checked over whole columns before anybody uses them."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

MAY_BE_NULL: Final = frozenset({"speaker"})
MAX_SAMPLES: Final = 2**40
"""Two years of audio: a million rows of it still add up within 64 bits."""

_LIMITS: Final = {
    "num_samples": (1, MAX_SAMPLES),
    "source.rate_hz": (1, 2**31 - 1),
    "source.offset": (0, MAX_SAMPLES),
    "source.length": (1, MAX_SAMPLES),
    "measurements.silence_removed_samples": (0, MAX_SAMPLES),
}


def find_row_problem(table: pa.Table, *, num_symbols: int) -> str | None:
    """What no malsori would have written, in any of a shard's columns; None when all is well.

    Args:
        table: Rows of a shard, with its columns or some of them.
        num_symbols: Size of the vocabulary: labels run from 1 to it.
    """
    limits = {**_LIMITS, "labels": (1, num_symbols)}
    for name, array in _leaves(table):
        if array.null_count and name not in MAY_BE_NULL:
            return f"{name} is null in {array.null_count} places"
        if name in limits and len(array):
            smallest, largest = limits[name]
            extremes = pc.min_max(array)
            low, high = extremes["min"].as_py(), extremes["max"].as_py()
            if low < smallest or high > largest:
                return f"{name} goes from {low} to {high}, expected {smallest} to {largest}"
    return None


def _leaves(table: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """Every array of every column, parents before children: `audio`, `audio.bytes`, ..."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            yield from _with_children(name, chunk)


def _with_children(name: str, array: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    if pa.types.is_list(array.type):
        if array.null_count:
            yield name, array
        yield from _with_children(name, array.flatten())
        return
    yield name, array
    if pa.types.is_struct(array.type):
        for field, kind in enumerate(array.type):
            yield from _with_children(f"{name}.{kind.name}", array.field(field))
