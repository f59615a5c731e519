"""The output folder of a run: where things lie in it, which manifest owns it, one run at a time.

<split>-<number>.arrow           the shards
run.jsonl                        what runs did, one event a line
.tasks/<split>-<number>.json     the record of a finished task
.tasks/<split>-<number>.at       which utterance a worker is at; outlives a crash
.tasks/owner.json                the manifest and the corpus that the folder belongs to
.lock                            held while a run is writing
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import write_text


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


@dataclass(frozen=True, slots=True)
class Owner:
    """The manifest (its path as seen from the folder) and the corpus that a folder belongs to."""

    manifest: str
    corpus: str


def claim(out: Path, *, manifest: Path, corpus: str, fresh: bool) -> None:
    """Make `out` the folder of this manifest and this corpus.

    Args:
        fresh: Take the folder over, whoever owns it.

    Raises:
        InputRejected: The folder holds the shards of another manifest or corpus, or Arrow files
            that no run made.
    """
    place = tasks_folder(out) / "owner.json"
    wanted = Owner(os.path.relpath(manifest.resolve(), out.resolve()), corpus)
    if place.is_file() and not fresh:
        owner = Owner(**json.loads(place.read_text(encoding="utf-8")))
        if owner != wanted:
            raise InputRejected(
                f"{out} holds the shards of {(out / owner.manifest).resolve()} ({owner.corpus}):"
                " give another --out, or replace them with --fresh"
            )
    elif not fresh and next(out.glob("*.arrow"), None) is not None:
        raise InputRejected(f"{out} holds Arrow files that malsori did not write there: give another --out")
    write_text(place, json.dumps(asdict(wanted), ensure_ascii=False) + "\n")
