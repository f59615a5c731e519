"""Walking a corpus' folders: names only, in one fixed order, whatever the file system does.

A corpus holds up to 1.2 million files: nothing here opens or stats a file. Folders reached
through symbolic links are followed (corpora are often linked together from several disks),
each real folder once, so that a loop of links ends.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from pipeline.contract.errors import InputRejected

_NOT_CORPUS = ("__MACOSX", "System Volume Information")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder and the names of the files in it, sorted; hidden files are left out."""

    path: Path
    names: tuple[str, ...]


def walk_folders(root: Path) -> Iterator[Folder]:
    """Every folder at and below `root`, sorted by name; linked folders come last.

    Names that begin with a dot (`._x.pcm` of macOS, `.git`) are not part of a corpus.

    Raises:
        InputRejected: `root` or a folder below it cannot be listed.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        linked: list[Path] = []
        for start in waiting:
            yield from _walk_real_folders(start, seen=seen, linked=linked)
        waiting = linked


def _walk_real_folders(start: Path, *, seen: set[tuple[int, int]], linked: list[Path]) -> Iterator[Folder]:
    pending = [start]
    while pending:
        path = pending.pop()
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            files, folders, links = _list(path)
        except OSError as error:
            raise InputRejected(
                f"cannot list {path}: {error.strerror}; is it a folder you may read?"
            ) from error
        linked.extend(path / name for name in links)
        pending.extend(path / name for name in reversed(folders))
        yield Folder(path, tuple(files))


def _list(path: Path) -> tuple[list[str], list[str], list[str]]:
    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _NOT_CORPUS:
                continue
            if not entry.is_dir():
                files.append(entry.name)
            elif entry.is_symlink():
                links.append(entry.name)
            else:
                folders.append(entry.name)
    for names in (files, folders, links):
        names.sort(key=_order)
    return files, folders, links


def _order(name: str) -> tuple[str, str]:
    # macOS decomposes names: the order must not depend on who unpacked the archive.
    return (name, name) if name.isascii() else (normalize("NFC", name), name)


def split_name(name: str) -> tuple[str, str]:
    """(stem, extension without the dot) of a file name: `a.b.PCM` gives (`a.b`, `PCM`)."""
    stem, dot, extension = name.rpartition(".")
    return (stem, extension) if dot else (name, "")


def describe_files(kinds: Counter[str]) -> str:
    """Counts of files by extension, for an error message: `12 files: 10 .wav, 2 .json`."""
    if not kinds:
        return "no files"
    most = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))[:5]
    named = (f"{count} {f'.{extension}' if extension else 'without extension'}" for extension, count in most)
    return f"{kinds.total()} files: {', '.join(named)}"


def count_kinds(folders: Iterable[Folder]) -> Counter[str]:
    """How many files of each extension (lower case, without the dot) lie in `folders`."""
    return Counter(split_name(name)[1].lower() for folder in folders for name in folder.names)
