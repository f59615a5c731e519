"""One writer at a time: of a folder, or of a file. A lock ends with its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import hidden_name, make_folder, open_own

LOCK = ".lock"
"""The file that `locked` keeps in a folder; it stays there, and tells that the folder is ours."""


@contextmanager
def locked(folder: Path, *, option: str) -> Iterator[None]:
    """Make the folder if need be, and keep other runs out of it; the lock ends with the process.

    Args:
        option: The option that names the folder, for messages: "--out".

    Raises:
        InputRejected: Another run is writing there, or the folder cannot be made.
    """
    make_folder(folder)
    descriptor = open_own(folder / LOCK)
    try:
        _take_lock(descriptor, folder, option=option)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked_name(path: Path, *, option: str) -> Iterator[None]:
    """Keep others from writing a file meanwhile; a hidden file beside it is there as long as the lock.

    Args:
        option: The option that names the file, for messages: "--manifest".

    Raises:
        InputRejected: Somebody else is writing it, or no file can be there.
    """
    make_folder(path.parent)
    lock = hidden_name(path, "lock")
    while True:
        descriptor = open_own(lock)
        try:
            _take_lock(descriptor, path, option=option)
            if not _is_open_at(lock, descriptor):
                continue  # whoever held it before has just removed it
            try:
                yield
            finally:
                if os.fstat(descriptor).st_size == 0:  # as it was made
                    lock.unlink(missing_ok=True)
            return
        finally:
            os.close(descriptor)


def _is_open_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _take_lock(descriptor: int, path: Path, *, option: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputRejected(
            f"another run is writing to {path}: wait for it, or give another {option}"
        ) from error
