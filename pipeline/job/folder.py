"""Whose shards a folder holds: one folder, one manifest, and none is overwritten by mistake."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import write_text

OWNER = "owner.json"


@dataclass(frozen=True, slots=True)
class Owner:
    """The manifest (as seen from the shards' folder) and the corpus that a folder belongs to."""

    manifest: str
    corpus: str


def claim(out: Path, *, manifest: Path, corpus: str, fresh: bool) -> None:
    """Make `out` the folder of this manifest and corpus.

    Args:
        fresh: Take the folder over, whoever's it was.

    Raises:
        InputRejected: It holds the shards of another manifest or corpus, or other Arrow files.
    """
    place = out / ".tasks" / OWNER
    wanted = Owner(os.path.relpath(manifest.resolve(), out.resolve()), corpus)
    if place.is_file() and not fresh:
        owner = Owner(**json.loads(place.read_text(encoding="utf-8")))
        if owner != wanted:
            raise InputRejected(
                f"{out} holds the shards of {(out / owner.manifest).resolve()} ({owner.corpus}): give another"
                " --out, or --fresh to replace them"
            )
    elif not fresh and next(out.glob("*.arrow"), None) is not None:
        raise InputRejected(f"{out} holds Arrow files that no run of malsori left there: give another --out")
    write_text(place, json.dumps(asdict(wanted), ensure_ascii=False) + "\n")


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
