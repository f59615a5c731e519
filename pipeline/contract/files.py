"""Writing and hashing files: under its final name a file or folder is whole, or it is not there."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.contract.errors import InputRejected


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its name when the block ends well.

    The bytes are on the disk (fsync of file and folder) before the name is; when the block
    raises, the temporary file is removed and whatever stood at `path` is untouched. The
    temporary name is unique to the process: two writers never share one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    try:
        temporary.unlink(missing_ok=True)  # left by a killed process, or a link planted by someone else
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Make a temporary folder beside `path` that takes its name when the block ends well.

    The folder and its name are on the disk before this returns; so are the files that the block
    wrote with `replacing` or `write_text`. When the block raises, the temporary folder is removed
    and whatever stood at `path` is untouched.

    Args:
        replace: Remove the folder that stands at `path` just before the new one takes its name.

    Raises:
        InputRejected: Something stands at `path` already, and `replace` was not asked for.
    """
    if not replace:
        _refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    shutil.rmtree(temporary, ignore_errors=True)  # left by a killed process with this number
    temporary.mkdir()
    try:
        yield temporary
        _sync_folder(temporary)
        if replace and path.exists():
            shutil.rmtree(path)
        _refuse_existing(path)  # a rename would silently replace an empty folder made meanwhile
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in `folder`: temporary files and folders.

    Only for a caller who knows that nobody is writing there.
    """
    for temporary in folder.glob(".*.tmp"):
        if temporary.is_dir() and not temporary.is_symlink():
            shutil.rmtree(temporary)
        else:
            temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8) to `path`, whole or not at all."""
    with replacing(path) as stream:
        stream.write(text.encode())


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise InputRejected(f"{path} exists already; give a new folder, or remove it first")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
