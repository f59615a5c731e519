"""Walking a corpus' folders: names only, in one fixed order, whatever the file system does.

A corpus holds up to 1.2 million files: nothing here opens or stats a file. Folders reached
through symbolic links are followed (corpora are often linked together from several disks),
each real folder once, so that a loop of links ends.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from pipeline.contract.errors import InputRejected
from pipeline.corpora.naming import readable

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


def listed_path(path: str) -> PurePosixPath:
    """A path as a listing writes it, whatever system wrote it."""
    return PurePosixPath(path.strip().replace("\\", "/").replace("\0", ""))


def within(root: Path, path: str) -> Path:
    """Where a listed file should lie below `root`; never outside of it."""
    return root.joinpath(*(part for part in listed_path(path).parts if part not in ("/", "//", "..")))


class Relative:
    """Resolves paths from one folder on, in whichever Unicode form the disk has the names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, dict[str, str]] = {}

    def resolve(self, path: str) -> Path:
        """The listed file; it need not exist. An absolute path stays what it is."""
        listed = listed_path(path)
        if path.isascii():
            return self._folder / listed
        found = self._folder
        for part in listed.parts:
            found = found / (part if part.isascii() else self._in(found).get(normalize("NFC", part), part))
        return found

    def _in(self, folder: Path) -> dict[str, str]:
        if folder not in self._names:
            try:
                names = sorted(os.listdir(folder))  # noqa: PTH208 - a million names, no Path each
            except OSError:  # the recording will be reported as missing
                names = []
            self._names[folder] = {readable(name): name for name in names if not name.isascii()}
        return self._names[folder]


class FileIndex:
    """Where the files of each name lie, for listings whose folders differ from the disk's."""

    def __init__(self) -> None:
        self._folders: dict[str, Path | list[Path]] = {}
        self._spelled: dict[tuple[Path, str], str] = {}

    def add(self, folder: Path, names: Iterable[str]) -> None:
        """Take up the files of a folder."""
        for name in names:
            key = readable(name)
            if key != name:
                self._spelled[folder, key] = name
            known = self._folders.get(key)
            if known is None:
                self._folders[key] = folder
            elif isinstance(known, list):
                known.append(folder)
            else:
                self._folders[key] = [known, folder]

    def paths(self) -> Iterator[Path]:
        """Every file, sorted by name."""
        for name in sorted(self._folders):
            folders = self._folders[name]
            for folder in folders if isinstance(folders, list) else [folders]:
                yield folder / self._spelled.get((folder, name), name)

    def find(self, path: str) -> Path | None:
        """The file of the listed name whose folders are most like the listed ones."""
        listed = listed_path(path)
        name = readable(listed.name)
        folders = self._folders.get(name)
        if folders is None:
            return None
        if isinstance(folders, list):
            folder = max(folders, key=lambda folder: _common_end(folder.parts, listed.parent.parts))
        else:
            folder = folders
        return folder / self._spelled.get((folder, name), name)


def index_files(folders: Iterable[Folder], *, extensions: tuple[str, ...]) -> FileIndex:
    """An index of the files below `folders` that have one of `extensions` (lower case)."""
    index = FileIndex()
    ends = tuple(f".{extension}" for extension in extensions)
    for folder in folders:
        index.add(folder.path, (name for name in folder.names if name.lower().endswith(ends)))
    return index


def _common_end(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if readable(one) != readable(other):
            break
        count += 1
    return count
