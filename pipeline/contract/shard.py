"""Opening a shard: memory-mapped, its schema and row count checked against the manifest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.manifest import ShardRecord
from pipeline.contract.schema import WAV_HEADER_BYTES, shard_schema
from pipeline.contract.stream import BrokenStream, map_batches


def open_shard(path: Path, *, rows: int) -> pa.Table:
    """Map a shard into memory without reading its audio.

    A truncated stream can read short without an error, so the manifest's row count is
    checked here; hashes are `verify`'s business. The shard is untrusted input: whatever is
    wrong with it, reading the table's columns is safe.

    Args:
        path: The shard.
        rows: The row count that the manifest gives.

    Raises:
        HandOffBroken: The shard is missing, is not Arrow, has other columns or other rows.
    """
    if not path.exists():
        raise HandOffBroken(f"shard {path} is missing; copy it beside the others")
    if not path.is_file():  # opening a named pipe would wait for ever
        raise HandOffBroken(f"shard {path} is not a regular file; copy it again")
    schema = shard_schema({})
    try:
        table = pa.Table.from_batches(map_batches(path, schema=schema, most_rows=rows), schema)
    except BrokenStream as error:
        raise HandOffBroken(f"shard {path} {error}; copy it again, or make it again") from error
    if table.num_rows != rows:
        found = f"more than {rows}" if table.num_rows > rows else str(table.num_rows)
        raise HandOffBroken(
            f"shard {path} holds {found} rows, its manifest says {rows}: it is truncated"
            " or not the one the manifest describes; copy it again"
        )
    return table


def read_rows(path: Path, shard: ShardRecord) -> pa.Table:
    """The rows of the shard at `path` that belong to the dataset, mapped into memory, not copied.

    Raises:
        HandOffBroken: As `open_shard`.
    """
    table = open_shard(path, rows=shard.stored_rows)
    if shard.ranges is None:
        return table
    pieces = [table.slice(start, end - start) for start, end in shard.ranges]
    return pa.concat_tables(pieces) if pieces else table.slice(0, 0)


def wav_samples(wav: pa.Buffer) -> memoryview:
    """The 16-bit samples of a shard's WAV, without copying: a memoryview of format 'h'."""
    return memoryview(wav)[WAV_HEADER_BYTES:].cast("h")


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
