"""A dataset whose rows somebody changed, with a manifest that fits them."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


def edit_dataset(dataset: Path, folder: Path, change: Callable[[Row], Row]) -> Path:
    """A copy of `dataset` in `folder` with `change` applied to each row; hashes are set right."""
    shutil.copytree(dataset.parent, folder)
    manifest = folder / dataset.name
    content = json.loads(manifest.read_text())
    for shard in content["shards"]:
        path = folder / "shards" / shard["path"]
        with pa.ipc.open_stream(path) as stream:
            table = stream.read_all()
        rows = [change(row) for row in table.to_pylist()]
        path.unlink()
        with pa.ipc.new_stream(str(path), table.schema) as stream:
            stream.write_table(pa.Table.from_pylist(rows, schema=table.schema))
        data = path.read_bytes()
        shard |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest.write_text(json.dumps(content))
    return manifest


def edit_manifest(manifest: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The manifest at `manifest`, its content changed in place."""
    content = json.loads(manifest.read_text())
    change(content)
    manifest.write_text(json.dumps(content))
    return manifest
