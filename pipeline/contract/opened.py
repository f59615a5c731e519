"""A manifest together with the folder its shards lie in: the way to the rows.

A manifest may come from anyone: none of its paths may leave the root folder, whether by `..`, by
an absolute path or through a symbolic link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.manifest import Manifest, ShardRecord
from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.shard import find_row_problem, read_rows


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
            HandOffBroken: A symbolic link leads out of the root folder, or in a circle.
        """
        path = self.folder / name
        target = _resolve(path, named_by=self.path)
        if not self.allow_outside and not target.is_relative_to(self.folder):
            raise HandOffBroken(
                f"{name} of {self.path} is a link that leads out of {self.folder}, to {target}:"
                " put the file itself there (malsori follows such links with --allow-outside)"
            )
        return path

    def rows(self, shard: ShardRecord, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of `shard` that belong to the dataset, mapped into memory.

        Its schema, its number of rows and the rows' values are checked, not its hash: `verify`
        and `fit` check hashes.

        Args:
            columns: Only these; None means all.

        Raises:
            HandOffBroken: The shard is missing or does not pass these checks.
        """
        table = read_rows(self.locate(shard.path), shard)
        if columns is not None:
            table = table.select(list(columns))
        problem = find_row_problem(table, num_symbols=len(self.manifest.vocabulary.symbols))
        if problem is not None:
            raise HandOffBroken(f"shard {shard.path} of {self.path}: {problem}; make it again")
        return table


def open_manifest(path: Path, *, root: Path | None = None, allow_outside: bool = False) -> OpenedManifest:
    """Read and check the manifest at `path`.

    Args:
        root: Where the shards lie, if they were moved; None means where the manifest says.

    Raises:
        InputRejected: There is no manifest at `path`.
        HandOffBroken: It has another version, or contradicts itself.
    """
    manifest = read_manifest(path)
    folder = _resolve(root or path.parent / manifest.root, named_by=path)
    return OpenedManifest(path, manifest, folder, allow_outside)


def _resolve(path: Path, *, named_by: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError before Python 3.13
        raise HandOffBroken(f"{path}, named in {named_by}, cannot be reached: {error}") from error
