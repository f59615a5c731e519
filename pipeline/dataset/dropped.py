"""The dropped list: writing it, reading it, naming it.

A run's list lies with the shards, in the folder that the run owns. The list of a merge, split or
filter lies with its manifest: the shards may be somebody else's, on a disk that cannot be written.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import file_sha256, is_regular, open_regular
from pipeline.contract.manifest import DroppedLine
from pipeline.contract.validation import first_problem

if TYPE_CHECKING:  # a run writes its list without opening a manifest, which imports pyarrow.compute
    from pipeline.contract.opened import OpenedManifest

MAX_LINE_BYTES = 2**20
MAX_LIST_BYTES = 2**28
"""Two million lines. Merge, split and filter hold a list in memory, up to six times over."""

LONGEST_STEM_BYTES = 200
"""The endings need 23 more bytes; file systems end at 255."""


def dropped_bytes(lines: Iterable[DroppedLine]) -> bytes:
    """The content of a dropped list, sorted by id.

    Raises:
        InputRejected: It would be too large to be read back.
    """
    in_order = sorted(lines, key=lambda line: (line.id, line.reason, line.detail))
    content = b"".join(f"{line.model_dump_json()}\n".encode() for line in in_order)
    if len(content) > MAX_LIST_BYTES:
        raise InputRejected(
            f"the dropped list would have {len(content):,} bytes, {MAX_LIST_BYTES:,} are the most:"
            " keep several smaller datasets, which `fit` takes together"
        )
    return content


def read_dropped(opened: "OpenedManifest") -> Iterator[DroppedLine]:
    """The dropped list of a manifest, line by line.

    Raises:
        HandOffBroken: It is missing or is not the one that the manifest records.
    """
    record = opened.manifest.dropped
    path = opened.locate_dropped()
    if not is_regular(path):
        advice = "the shards, or give --root" if opened.dropped_folder == opened.folder else opened.path
        raise HandOffBroken(f"the dropped list {path} is missing; copy it beside {advice}")
    num_bytes = path.stat().st_size
    if num_bytes > MAX_LIST_BYTES:
        raise HandOffBroken(
            f"the dropped list {path} has {num_bytes:,} bytes, {MAX_LIST_BYTES:,} are the most"
        )
    if file_sha256(path) != record.sha256:
        raise HandOffBroken(f"the dropped list {path} has changed since {opened.path} was made")
    number = 0
    with open_regular(path) as stream:
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
    return folder / _name(manifest, "")


def dropped_path_of_view(manifest: Path, lines: Iterable[DroppedLine]) -> Path:
    """Where the dropped list of a merge, split or filter lies: beside its manifest.

    The name holds a hash of the content, so writing the list of a new manifest never spoils that
    of the one it replaces, which stays whole until the new one takes its name.
    """
    digest = hashlib.sha256(dropped_bytes(lines)).hexdigest()
    return manifest.parent / _name(manifest, f".{digest[:8]}")


def _name(manifest: Path, mark: str) -> str:
    """`<manifest><mark>.dropped.jsonl`; a long name is cut, so that a file can have it."""
    stem = manifest.stem
    while len(os.fsencode(stem)) > LONGEST_STEM_BYTES:
        stem = stem[:-1]
    return f"{stem}{mark}.dropped.jsonl"
