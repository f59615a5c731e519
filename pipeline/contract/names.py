"""Names and paths in a manifest: none leads astray, none rewrites a terminal, each can be a file's.

A name that somebody else chose is shown on screens and pages, and becomes part of file names.
"""

import unicodedata
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from pipeline.contract.errors import InputRejected
from pipeline.contract.text import shorten

MAX_PATH_BYTES = 1_024
MAX_PART_BYTES = 255  # of a path, between two slashes: what file systems hold
MAX_NAME_BYTES = 255


def _below_the_root(path: str) -> str:
    parts = path.split("/")
    if not _is_plain(path) or any(part in {"", ".", ".."} for part in parts):
        raise ValueError("expected a relative path below the root, such as train-00000.arrow")
    _require_short_parts(path)
    return path


def _relative(root: str) -> str:
    if root.startswith("/") or ":" in root or not _is_plain(root):
        raise ValueError("expected a path relative to the manifest, such as ../shards")
    _require_short_parts(root)
    return root


def _is_plain(path: str) -> bool:
    return "\\" not in path and path.isprintable() and len(path.encode()) <= MAX_PATH_BYTES


def _require_short_parts(path: str) -> None:
    if any(len(part.encode()) > MAX_PART_BYTES for part in path.split("/")):
        raise ValueError(f"no file has a name of more than {MAX_PART_BYTES} bytes")


def _is_name(text: str) -> str:
    problem = name_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return text


def name_problem(text: str) -> str | None:
    """Why a manifest cannot call a dataset, corpus, split or symbol `text`; None if it can."""
    if any(not (char.isprintable() or unicodedata.category(char) == "Zs") for char in text):
        return "it has characters that cannot be printed"
    if len(text.encode()) > MAX_NAME_BYTES:
        return f"it has more than {MAX_NAME_BYTES} bytes"
    return None


def require_names(names: Mapping[str, str]) -> None:
    """Raise InputRejected if a manifest cannot record one of these.

    Args:
        names: By the option that gives each.
    """
    for option, name in names.items():
        problem = name_problem(name)
        if problem is not None:
            raise InputRejected(f"{option} {shorten(name)!r}: {problem}; give another")


def _is_split(text: str) -> str:
    if not text or text in {".", ".."} or "/" in text or "\\" in text:
        raise ValueError(f"{shorten(text)!r} cannot be part of a file's name, which a split is")
    return _is_name(text)


Name = Annotated[str, AfterValidator(_is_name)]
"""What people read in a terminal, in the name of a file, on a page."""

SplitName = Annotated[str, AfterValidator(_is_split)]
FilePath = Annotated[str, AfterValidator(_below_the_root)]
RootPath = Annotated[str, AfterValidator(_relative)]
