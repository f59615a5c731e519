"""The dropped list beside the shards: writing it, reading it, naming it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import file_sha256, write_text
from pipeline.contract.manifest import DroppedLine
from pipeline.contract.validation import first_problem

if TYPE_CHECKING:  # a run writes its list without opening a manifest, which imports pyarrow.compute
    from pipeline.contract.opened import OpenedManifest

MAX_LINE_BYTES = 2**20


def write_dropped(path: Path, lines: Iterable[DroppedLine]) -> None:
    """Write a dropped list, sorted by id."""
    in_order = sorted(lines, key=lambda line: (line.id, line.reason, line.detail))
    write_text(path, "".join(f"{line.model_dump_json()}\n" for line in in_order))


def read_dropped(opened: "OpenedManifest") -> Iterator[DroppedLine]:
    """The dropped list of a manifest, line by line.

    Raises:
        HandOffBroken: It is missing or is not the one that the manifest records.
    """
    record = opened.manifest.dropped
    path = opened.locate(record.path)
    if not path.is_file():
        raise HandOffBroken(f"the dropped list {path} is missing; copy it beside the shards, or give --root")
    if file_sha256(path) != record.sha256:
        raise HandOffBroken(f"the dropped list {path} has changed since {opened.path} was made")
    number = 0
    with path.open("rb") as stream:
        while line := stream.readline(MAX_LINE_BYTES):
            number += 1
            try:
                yield DroppedLine.model_validate_json(line)
            except ValidationError as error:
                raise HandOffBroken(
                    f"the dropped list {path}, line {number}: {first_problem(error)}"
                ) from error
    if number != record.rows:
        raise HandOffBroken(f"the dropped list {path} has {number} lines, {opened.path} says {record.rows}")


def count_reasons(lines: Iterable[DroppedLine]) -> dict[str, int]:
    """Number of dropped utterances by reason, sorted by reason."""
    return dict(sorted(Counter(line.reason for line in lines).items()))


def dropped_path_of_run(manifest: Path, *, folder: Path) -> Path:
    """Where the dropped list of a run lies: in the shards' folder, which belongs to one manifest."""
    return folder / f"{manifest.stem}.dropped.jsonl"


def dropped_path_of_view(manifest: Path, lines: Iterable[DroppedLine], *, folder: Path) -> Path:
    """Where the dropped list of a merge, split or filter lies: in `folder`, under a name of its own.

    The name holds a hash of the content: manifests of one name in different folders may share the
    folder of their shards, and none may overwrite the list of another.
    """
    content = "\n".join(sorted(line.model_dump_json() for line in lines))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return folder / f"{manifest.stem}.{digest[:8]}.dropped.jsonl"
