"""Where a run reads and writes, and whether it can."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import make_folder
from pipeline.contract.names import FilePath, RootPath
from pipeline.dataset.builder import relative_root
from pipeline.dataset.dropped import dropped_path_of_run
from pipeline.dataset.huggingface import INFO, STATE
from pipeline.job.folder import tasks_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a run reads and writes.

    Attributes:
        root: The raw corpus; nothing is written there.
        out: Folder of the shards.
        corpus: Name of the corpus.
    """

    root: Path
    out: Path
    manifest: Path
    corpus: str


def check_places(places: Places) -> None:
    """Refuse places that cannot hold what a run writes. Looks, and writes nothing.

    Raises:
        InputRejected: The shards or the manifest lie in the raw corpus, the manifest takes another
            file's name, or it could not name the shards' folder.
    """
    for option, path in (("--out", places.out), ("--manifest", places.manifest)):
        if resolve_path(path).is_relative_to(resolve_path(places.root)):
            raise InputRejected(
                f"{option} {path} lies inside the raw corpus, which malsori never writes to:"
                " give another place"
            )
    if os.path.lexists(places.out) and not places.out.is_dir():
        raise InputRejected(f"--out {places.out} is a file: give a folder, existing or new")
    inside = resolve_path(places.manifest).is_relative_to(resolve_path(tasks_folder(places.out)))
    beside = resolve_path(places.manifest.parent) == resolve_path(places.out)
    if inside or (beside and places.manifest.name in (INFO, STATE)):
        raise InputRejected(
            f"--manifest {places.manifest}: a run writes another file there; give another name"
        )
    dropped = dropped_path_of_run(places.manifest, folder=places.out)
    for path in (dropped, places.manifest):
        with suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()  # a name too long for the disk is an OSError here
    root = relative_root(places.out, seen_from=places.manifest.parent)
    for kind, name, what in ((RootPath, root, "--out"), (FilePath, dropped.name, "--manifest")):
        try:
            TypeAdapter[str](kind).validate_python(name)
        except ValidationError as error:
            raise InputRejected(
                f"{what}: a manifest cannot hold the path {name!r}: give another, of printable UTF-8 without"
                " \\ and :, and not too long"
            ) from error


def require_writable(places: Places) -> None:
    """Write a file beside the future manifest, and remove it.

    Raises:
        InputRejected: No folder can be there.
        OSError: The disk is full or read-only, or permission is missing.
    """
    make_folder(places.manifest.parent)
    with tempfile.TemporaryFile(dir=places.manifest.parent) as stream:
        stream.write(b"malsori")


def resolve_path(path: Path) -> Path:
    """`path` without links. Raises InputRejected if they lead in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError before Python 3.13
        raise InputRejected(f"{path} cannot be reached: {error}; give another path") from error
