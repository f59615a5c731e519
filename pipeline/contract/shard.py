"""Opening a shard: memory-mapped, its schema and row count checked against the manifest."""

from pathlib import Path

import pyarrow as pa

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
