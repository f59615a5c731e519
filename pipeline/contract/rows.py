"""What the values of a shard's rows may be, checked over whole columns before anybody uses them."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

MAY_BE_NULL: Final = frozenset({"speaker"})
MAX_SAMPLES: Final = 2**40
"""Two years of audio: a million rows of it still add up within 64 bits."""

MAX_TEXT_BYTES = 2**16
MAX_AUDIO_BYTES = 2**28
"""2.3 hours of one utterance."""

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
        problem = _find_outlier(name, array, limits.get(name))
        if problem is not None:
            return problem
    return None


def _find_outlier(name: str, array: pa.Array, limits: tuple[int, int] | None) -> str | None:
    if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
        largest = pc.max(pc.binary_length(array)).as_py() or 0
        most = MAX_TEXT_BYTES if pa.types.is_string(array.type) else MAX_AUDIO_BYTES
        return f"{name} has {largest} bytes in one row, at most {most} are read" if largest > most else None
    if limits is None or not len(array):
        return None
    low, high = (extreme.as_py() for extreme in pc.min_max(array).values())
    if low < limits[0] or high > limits[1]:
        return f"{name} goes from {low} to {high}, expected {limits[0]} to {limits[1]}"
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
