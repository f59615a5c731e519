"""A manifest together with the folder its shards lie in: how rows are reached.

A manifest from someone else is untrusted input: no path of it may leave the root folder, not
by `..`, not by an absolute path and not through a symbolic link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.manifest import Manifest, ShardRecord, read_manifest
from pipeline.contract.shard import read_rows


@dataclass(frozen=True, slots=True)
class OpenedManifest:
    """A manifest, where it lies, and where its shards do.

    Attributes:
        folder: The folder that the shards' paths start from, resolved.
        allow_outside: Follow symbolic links that lead out of `folder`.
    """

    path: Path
    manifest: Manifest
    folder: Path
    allow_outside: bool = False

    def locate(self, name: str) -> Path:
        """The file that the manifest calls `name`.

        Raises:
            HandOffBroken: A symbolic link leads out of the root folder.
        """
        path = self.folder / name
        if not self.allow_outside and not path.resolve().is_relative_to(self.folder):
            raise HandOffBroken(
                f"{name} of {self.path} is a link that leads out of {self.folder}, to {path.resolve()}:"
                " --allow-outside follows it"
            )
        return path

    def rows(self, shard: ShardRecord, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of `shard` that belong to the dataset, mapped into memory, not read.

        Args:
            columns: Only these; None is all.

        Raises:
            HandOffBroken: The shard is missing or is not what the manifest says.
        """
        table = read_rows(self.locate(shard.path), shard)
        return table if columns is None else table.select(list(columns))


def open_manifest(path: Path, *, root: Path | None = None, allow_outside: bool = False) -> OpenedManifest:
    """Read and check the manifest at `path`.

    Args:
        root: Where the shards lie, if they were moved; None is where the manifest says.

    Raises:
        InputRejected: There is no manifest at `path`.
        HandOffBroken: It is of another version, or contradicts itself.
    """
    manifest = read_manifest(path)
    folder = root or path.parent / manifest.root
    return OpenedManifest(path, manifest, folder.resolve(), allow_outside)
