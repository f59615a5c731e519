"""Reading a shard that somebody else may have written: mapped into memory, safe to look at.

Arrow trusts what a stream says about itself. Of 20,000 mutated shards 106 crashed the process
when their columns were read, and a compressed body of 36 kB took 1 GB of memory
(tests/bench/fuzz.md). So the schema is compared before any data is touched, compressed bodies are
refused (shards are never compressed), every batch is validated in full (0.4 ms for a shard of
247 MB: audio is not looked at), the number of batches is bounded, and `find_row_problem` looks
for values that break the contract.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import is_regular
from pipeline.contract.manifest import ShardRecord
from pipeline.contract.schema import MAX_TEXT_BYTES, WAV_HEADER_BYTES, shard_schema

MAX_BATCHES = 16_384
"""Enough for a million rows in batches of 64; a shard has a few thousand."""

_ALIGNMENT_BYTES = 8

MAY_BE_NULL: Final = frozenset({"speaker"})
MAX_SAMPLES: Final = 2**40
"""Of a recording at its own rate: the sum over a million such rows still fits into 64 bits."""

MAX_AUDIO_BYTES = 2**28
MAX_ROW_SAMPLES = MAX_AUDIO_BYTES // 2
"""2.3 hours in one utterance, as WAV or as FLAC: a FLAC of a few bytes may claim any length."""

_LIMITS: Final = {
    "num_samples": (1, MAX_ROW_SAMPLES),
    "source.rate_hz": (1, 2**31 - 1),
    "source.offset": (0, MAX_SAMPLES),
    "source.length": (1, MAX_SAMPLES),
    "measurements.silence_removed_samples": (0, MAX_SAMPLES),
}


class _BrokenStream(Exception):
    """The stream is not one that malsori wrote; the message says what it is or has instead."""


def open_shard(path: Path, *, rows: int) -> pa.Table:
    """Map a shard into memory without reading its audio.

    A truncated stream can read short without an error, so the row count is checked here; hashes
    are `verify`'s business. Whatever is wrong with the file, reading the table's columns is safe.

    Args:
        rows: The number of rows that the manifest gives.

    Raises:
        HandOffBroken: The shard is missing, is not Arrow, or has other columns or more or fewer rows.
    """
    if not is_regular(path):  # opening a named pipe would wait for ever
        if path.exists():
            raise HandOffBroken(f"shard {path} is not a regular file; copy it again")
        raise HandOffBroken(f"shard {path} is missing; copy it beside the others")
    schema = shard_schema({})
    try:
        table = pa.Table.from_batches(_map_batches(path, schema=schema, most_rows=rows), schema)
    except _BrokenStream as error:
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


def find_row_problem(table: pa.Table, *, num_symbols: int) -> str | None:
    """The first contract violation in any column of a shard's rows, or None.

    Args:
        table: Rows of a shard, with all of its columns or some.
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


def _map_batches(path: Path, *, schema: pa.Schema, most_rows: int) -> list[pa.RecordBatch]:
    """Map a stream's record batches into memory, without copying them.

    Args:
        schema: The columns it must have; metadata is not compared.
        most_rows: Reading stops after the batch that exceeds it.

    Raises:
        _BrokenStream: It cannot be read, has other columns, or has what malsori never writes.
    """
    try:
        with pa.memory_map(
            os.fsencode(path)
        ) as source:  # Arrow takes a str for UTF-8, which names need not be
            return list(_read_batches(source, schema=schema, most_rows=most_rows))
    except (pa.ArrowException, OSError, struct.error) as error:
        raise _BrokenStream(f"is not a readable Arrow stream: {error}") from error


def _read_batches(source: pa.NativeFile, *, schema: pa.Schema, most_rows: int) -> Iterator[pa.RecordBatch]:
    messages = iter(pa.ipc.MessageReader.open_stream(source))
    first = next(messages, None)
    if first is None or first.type != "schema":
        raise _BrokenStream("is not a readable Arrow stream: it does not begin with a schema")
    if not pa.ipc.read_schema(first).equals(schema, check_metadata=False):
        raise _BrokenStream("has columns other than contract version 1's")
    rows = 0
    for number, message in enumerate(messages):
        batch = _read_batch(message, schema)
        if not batch.num_rows:
            raise _BrokenStream("has a record batch without rows")
        rows += batch.num_rows
        if number >= MAX_BATCHES:
            raise _BrokenStream(f"has over {MAX_BATCHES} record batches")
        yield batch
        if rows > most_rows:
            return


def _read_batch(message: pa.ipc.Message, schema: pa.Schema) -> pa.RecordBatch:
    if message.type != "record batch":
        raise _BrokenStream(f"has a {message.type} message where a record batch was expected")
    if _is_compressed(message.metadata):
        raise _BrokenStream("has a compressed record batch; shards are never compressed")
    batch = pa.ipc.read_record_batch(message, schema)
    batch.validate(full=True)
    buffers = (buffer for column in batch.columns for buffer in column.buffers() if buffer is not None)
    if any(buffer.address % _ALIGNMENT_BYTES for buffer in buffers):
        raise _BrokenStream("has a record batch that is not aligned")
    return batch


def _is_compressed(metadata: pa.Buffer) -> bool:
    """Whether a record batch's metadata, a flatbuffer that Arrow has verified, names a codec.

    Worth parsing by hand: reading a compressed batch is what unpacks it, 36 kB to 1 GB, and pyarrow
    has neither an option to refuse one nor a property that tells (IpcReadOptions and Message, up to
    26.0). The two slots read here are part of Arrow's stable format (format/Message.fbs).
    """
    message_header, batch_compression = 2, 3  # slots of the tables `Message` and `RecordBatch`
    view = memoryview(metadata)
    (message,) = struct.unpack_from("<I", view, 0)
    header = _flatbuffer_field(view, message, message_header)
    (batch,) = struct.unpack_from("<I", view, header)
    return _flatbuffer_field(view, header + batch, batch_compression) != 0


def _flatbuffer_field(view: memoryview, table: int, slot: int) -> int:
    """Position of a field of a flatbuffer table; 0 if the table lacks it."""
    (back,) = struct.unpack_from("<i", view, table)
    vtable = table - back
    (vtable_bytes,) = struct.unpack_from("<H", view, vtable)
    entry = 4 + 2 * slot
    if entry >= vtable_bytes:
        return 0
    (offset,) = struct.unpack_from("<H", view, vtable + entry)
    return table + offset if offset else 0
