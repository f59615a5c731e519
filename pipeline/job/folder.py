"""The output folder of a run: where things lie in it, and which manifest owns it.

<split>-<number>.arrow           the shards
run.jsonl                        what runs did, one event a line
.tasks/<split>-<number>.json     the record of a finished task
.tasks/<split>-<number>.at       which utterance a worker is at; outlives a crash
.tasks/owner.json                the manifest and the corpus that the folder belongs to
.lock                            held while a run is writing
"""

import os
from itertools import chain
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from pipeline.contract.files import read_regular, write_text
from pipeline.contract.manifest import Record
from pipeline.contract.text import as_text
from pipeline.dataset.huggingface import INFO, STATE

MAX_OWNER_BYTES = 2**16


def shard_path(out: Path, task: str) -> Path:
    """Where the shard of a task lies."""
    return out / f"{task}.arrow"


def record_path(out: Path, task: str) -> Path:
    """Where the record of a finished task lies."""
    return tasks_folder(out) / f"{task}.json"


def crumb_path(out: Path, task: str) -> Path:
    """Where the worker of a task writes down which utterance it is at."""
    return tasks_folder(out) / f"{task}.at"


def tasks_folder(out: Path) -> Path:
    """Where the records of tasks lie, and nothing that is handed over."""
    return out / ".tasks"


def events_path(out: Path) -> Path:
    """Where runs log their events."""
    return out / "run.jsonl"


class Owner(Record):
    """The manifest (its path as seen from the folder) and the corpus that a folder belongs to."""

    manifest: str
    corpus: str

    @classmethod
    def of(cls, out: Path, *, manifest: Path, corpus: str) -> Self:
        """The owner of `out`."""
        return cls(manifest=as_text(os.path.relpath(manifest.resolve(), out.resolve())), corpus=corpus)


def find_owner(out: Path) -> Owner | None:
    """Whose folder it is; None if no run has claimed it."""
    try:
        return Owner.model_validate_json(read_regular(_owner_path(out), most_bytes=MAX_OWNER_BYTES))
    except (OSError, ValidationError):  # then it is a foreign file, if it is there at all
        return None


def claim(out: Path, owner: Owner) -> None:
    """Write down whose folder it is; whoever was there before has been asked."""
    write_text(_owner_path(out), owner.model_dump_json() + "\n")


def find_foreign(out: Path, *, dropped: Path) -> str | None:
    """The name of something in an unclaimed folder that a run would replace or add to, or None."""
    names = [path.name for path in out.glob("*.arrow")]
    own = (out / STATE, out / INFO, dropped, events_path(out))
    names += [path.name for path in own if os.path.lexists(path)]
    # A run that was killed before it claimed the folder left hidden files at most.
    names += [f"{path.parent.name}/{path.name}" for path in tasks_folder(out).glob("[!.]*")]
    return min(names, default=None)


def find_link(out: Path) -> Path | None:
    """A link or a folder where a run keeps something else of its own; or None."""
    linked = (path for path in (tasks_folder(out), events_path(out)) if path.is_symlink())
    files = chain(out.glob("*.arrow"), tasks_folder(out).glob("*"), (events_path(out),))
    return next(linked, None) or next((path for path in files if path.is_dir()), None)


def _owner_path(out: Path) -> Path:
    return tasks_folder(out) / "owner.json"
