"""Copies of a dataset that somebody changed, with a manifest that fits them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.contract.files import file_sha256

Row = dict[str, Any]


def copy_dataset(dataset: Path, folder: Path) -> Path:
    """The manifest of a copy of `dataset`, shards and all, that a test may spoil."""
    return shutil.copytree(dataset.parent, folder) / dataset.name


def edit_dataset(dataset: Path, folder: Path, change: Callable[[Row], Row]) -> Path:
    """A copy of `dataset` in `folder` with `change` applied to each row; hashes are set right."""
    manifest = copy_dataset(dataset, folder)
    for shard in json.loads(manifest.read_text())["shards"]:
        path = folder / "shards" / shard["path"]
        rows = [change(row) for row in read_shard(path).to_pylist()]
        write_shard(path, pa.Table.from_pylist(rows, schema=read_shard(path).schema))
    return rehash(manifest)


def edit_manifest(manifest: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The manifest at `manifest`, its content changed in place."""
    content = json.loads(manifest.read_text())
    change(content)
    manifest.write_text(json.dumps(content))
    return manifest


def rehash(manifest: Path) -> Path:
    """Make the manifest's hashes and sizes those of the files: a sound hand-off of unsound shards."""

    def change(content: dict[str, Any]) -> None:
        for shard in content["shards"]:
            path = manifest.parent / content["root"] / shard["path"]
            shard |= {"sha256": file_sha256(path), "bytes": path.stat().st_size}

    return edit_manifest(manifest, change)


def read_shard(path: Path) -> pa.Table:
    """All rows of an Arrow stream file, as pyarrow reads them."""
    with pa.ipc.open_stream(path) as stream:
        return stream.read_all()


def write_shard(path: Path, table: pa.Table, *, options: pa.ipc.IpcWriteOptions | None = None) -> None:
    """Write `table` to a new file at `path`, which may be mapped into memory as it is."""
    path.unlink()
    with pa.ipc.new_stream(str(path), table.schema, options=options) as stream:
        stream.write_table(table)
