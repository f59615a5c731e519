"""Reading an Arrow stream that nobody vouches for.

Arrow trusts a stream's metadata: of 20,000 mutated shards 106 crashed the process when their
columns were read, and a compressed body of 36 kB took 1 GB of memory (tests/bench/fuzz.md). So
the schema is compared before any data is touched, compressed bodies are refused (shards are
never compressed), every batch is validated in full (0.4 ms for a shard of 247 MB: audio is not
looked at) and the number of batches is bounded.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

MAX_BATCHES = 16_384
"""A million rows, in batches of 64; a shard has some thousand."""

_ALIGNMENT_BYTES = 8

# Slots of the flatbuffer tables `Message` and `RecordBatch` in Arrow's format/Message.fbs.
_MESSAGE_HEADER = 2
_BATCH_COMPRESSION = 3


class BrokenStream(Exception):
    """The stream is not one that malsori wrote; the message says what it is or has instead."""


def map_batches(path: Path, *, schema: pa.Schema, most_rows: int) -> list[pa.RecordBatch]:
    """Map a stream's record batches into memory, without copying them.

    Args:
        schema: The columns it must have; metadata is not compared.
        most_rows: Reading stops after the batch in which there are more.

    Raises:
        BrokenStream: It cannot be read, has other columns, or is of a kind that is never written.
    """
    try:
        with pa.memory_map(str(path)) as source:
            return list(_read_batches(source, schema=schema, most_rows=most_rows))
    except (pa.ArrowException, OSError, struct.error) as error:
        raise BrokenStream(f"is not a readable Arrow stream: {error}") from error


def _read_batches(source: pa.NativeFile, *, schema: pa.Schema, most_rows: int) -> Iterator[pa.RecordBatch]:
    messages = iter(pa.ipc.MessageReader.open_stream(source))
    first = next(messages, None)
    if first is None or first.type != "schema":
        raise BrokenStream("is not a readable Arrow stream: it does not begin with a schema")
    if not pa.ipc.read_schema(first).equals(schema, check_metadata=False):
        raise BrokenStream("has columns other than contract version 1's")
    rows = 0
    for number, message in enumerate(messages):
        batch = _read_batch(message, schema)
        rows += batch.num_rows
        if number >= MAX_BATCHES:
            raise BrokenStream(f"has over {MAX_BATCHES} record batches")
        yield batch
        if rows > most_rows:
            return


def _read_batch(message: pa.ipc.Message, schema: pa.Schema) -> pa.RecordBatch:
    if message.type != "record batch":
        raise BrokenStream(f"has a {message.type} message where a record batch was expected")
    if _is_compressed(message.metadata):
        raise BrokenStream("has a compressed record batch; shards are never compressed")
    batch = pa.ipc.read_record_batch(message, schema)
    batch.validate(full=True)
    if any(buffer.address % _ALIGNMENT_BYTES for buffer in _buffers(batch)):
        raise BrokenStream("has a record batch that is not aligned")
    return batch


def _buffers(batch: pa.RecordBatch) -> Iterator[pa.Buffer]:
    return (buffer for column in batch.columns for buffer in column.buffers() if buffer is not None)


def _is_compressed(metadata: pa.Buffer) -> bool:
    """Whether a record batch's metadata, a flatbuffer that Arrow has verified, names a codec."""
    view = memoryview(metadata)
    (message,) = struct.unpack_from("<I", view, 0)
    header = _field(view, message, _MESSAGE_HEADER)
    (batch,) = struct.unpack_from("<I", view, header)
    return _field(view, header + batch, _BATCH_COMPRESSION) != 0


def _field(view: memoryview, table: int, slot: int) -> int:
    """Where the field of a flatbuffer table lies; 0 when the table lacks it."""
    (back,) = struct.unpack_from("<i", view, table)
    vtable = table - back
    (vtable_bytes,) = struct.unpack_from("<H", view, vtable)
    entry = 4 + 2 * slot
    if entry >= vtable_bytes:
        return 0
    (offset,) = struct.unpack_from("<H", view, vtable + entry)
    return table + offset if offset else 0
