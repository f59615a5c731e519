"""From the paths that listings write to files on the disk.

Listings are written on Windows, packed on macOS and unpacked into other folders, so a path is
rarely right as it stands. A reader either resolves it (`RelativePaths`) or looks its file up by
name (`FileIndex`). Nothing here opens a file.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from pipeline.corpora.contents import Folder
from pipeline.corpora.naming import readable


def listed_path(path: str) -> PurePosixPath:
    """The path that a listing writes, on whichever system it was written."""
    return PurePosixPath(path.strip().replace("\\", "/").replace("\0", ""))


def resolve_below(root: Path, path: str) -> Path:
    """Where a listed file should be below `root`. The result is never outside of `root`."""
    return root.joinpath(*(part for part in listed_path(path).parts if part not in ("/", "//", "..")))


class RelativePaths:
    """Resolves paths against one folder, in whichever Unicode form the disk spells the names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, dict[str, str]] = {}

    def resolve(self, path: str) -> Path:
        """The listed file, which need not exist. Absolute paths stay as they are."""
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
                names = sorted(os.listdir(folder))  # noqa: PTH208 - no Path object for each of a million names
            except OSError:  # the recording will be reported as missing
                names = []
            self._names[folder] = {readable(name): name for name in names if not name.isascii()}
        return self._names[folder]


class FileIndex:
    """Finds files by name, for listings whose folders differ from those on the disk."""

    def __init__(self) -> None:
        self._folders: dict[str, Path | list[Path]] = {}
        self._spelled: dict[tuple[Path, str], str] = {}

    def add(self, folder: Path, names: Iterable[str]) -> None:
        """Add the files of a folder."""
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
        """The file with the listed name; of several, the one whose folders match the listed ones best."""
        listed = listed_path(path)
        name = readable(listed.name)
        folders = self._folders.get(name)
        if folders is None:
            return None
        if isinstance(folders, list):
            folder = max(folders, key=lambda folder: _count_common_end(folder.parts, listed.parent.parts))
        else:
            folder = folders
        return folder / self._spelled.get((folder, name), name)


def index_files(folders: Iterable[Folder], *, extensions: tuple[str, ...]) -> FileIndex:
    """Index the files in `folders` that have one of `extensions` (lower case)."""
    index = FileIndex()
    ends = tuple(f".{extension}" for extension in extensions)
    for folder in folders:
        index.add(folder.path, (name for name in folder.names if name.lower().endswith(ends)))
    return index


def _count_common_end(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if readable(one) != readable(other):
            break
        count += 1
    return count
