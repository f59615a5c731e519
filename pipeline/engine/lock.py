"""One run an output folder: a second one is refused, not merged by accident."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.contract.errors import InputRejected


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this run alone; the lock goes with the process, however it ends.

    Raises:
        InputRejected: Another run holds it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise InputRejected(
            f"cannot make the folder {folder}: {error.strerror}; give another --out"
        ) from error
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputRejected(
                f"another run is writing to {folder}: wait for it, or give another --out"
            ) from error
        yield
