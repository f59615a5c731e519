"""What lies in a folder: walking it in a fixed order, and telling which corpus it holds.

A corpus holds up to 1.2 million files, so walking looks at names only and never opens or stats
a file. The order is the same on every file system. Symbolic links to folders are followed
(people link a corpus together from several disks), each real folder once, so loops end.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import is_regular, open_regular
from pipeline.corpora.lines import find_encoding

AUDIO_EXTENSIONS = ("wav", "flac", "pcm", "mp3", "ogg", "opus")
_NOT_CORPUS = ("__MACOSX", "System Volume Information")
_HEAD_BYTES = 2**16
_LIST_ENDINGS = (".trans", "_metadata")  # .txt files with these endings are lists, not transcripts
_LISTING_KINDS = ("csv", "tsv", "json", "jsonl", "trn", "transcript", *_LIST_ENDINGS)
_ENOUGH = 32  # the first files of a kind tell a corpus apart as well as all of them would


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder and the sorted names of its files, without hidden ones."""

    path: Path
    names: tuple[str, ...]


def walk_folders(root: Path) -> Iterator[Folder]:
    """Walk `root` and every folder below it, sorted by name; linked folders come last.

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
            files, folders, links = _list_folder(path)
        except OSError as error:
            raise InputRejected(
                f"cannot list {path}: {error.strerror}; expected a folder that you may read"
            ) from error
        linked.extend(path / name for name in links)
        pending.extend(path / name for name in reversed(folders))
        yield Folder(path, tuple(files))


def _list_folder(path: Path) -> tuple[list[str], list[str], list[str]]:
    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _NOT_CORPUS:
                continue
            if not _is_folder(entry):
                files.append(entry.name)
            elif entry.is_symlink():
                links.append(entry.name)
            else:
                folders.append(entry.name)
    for names in (files, folders, links):
        names.sort(key=_sort_key)
    return files, folders, links


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle: whoever opens the file will say so
        return False


def _sort_key(name: str) -> tuple[str, str]:
    # macOS decomposes names; the order must not depend on who unpacked the archive.
    return (name, name) if name.isascii() else (normalize("NFC", name), name)


def split_extension(name: str) -> tuple[str, str]:
    """(stem, extension without the dot) of a file name: `a.b.PCM` gives (`a.b`, `PCM`)."""
    stem, dot, extension = name.rpartition(".")
    return (stem, extension) if dot else (name, "")


def count_extensions(folders: Iterable[Folder]) -> Counter[str]:
    """Number of files in `folders` per extension (lower case, without the dot)."""
    return Counter(split_extension(name)[1].lower() for folder in folders for name in folder.names)


def describe_files(counts: Counter[str]) -> str:
    """Counts of files per extension, for an error message: `12 files: 10 .wav, 2 .json`."""
    if not counts:
        return "no files"
    most = sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))[:5]
    named = (f"{count} {f'.{extension}' if extension else 'without extension'}" for extension, count in most)
    return f"{counts.total()} file{'s' if counts.total() > 1 else ''}: {', '.join(named)}"


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What a folder holds; every reader looks here for evidence of its corpus.

    Attributes:
        root: The folder, or a single file.
        most_per_kind: How many files of one kind are remembered by name; None remembers all.
        counts: Number of files per extension.
        folder_names: The names of all folders, including the root's.
    """

    root: Path
    most_per_kind: int | None
    counts: Counter[str] = field(default_factory=Counter)
    folder_names: set[str] = field(default_factory=set)
    _first: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, folder: Path, name: str) -> None:
        """Add one file."""
        self.counts[split_extension(name)[1].lower()] += 1
        first = self._first.setdefault(_kind(name), [])
        if self.most_per_kind is None or len(first) < self.most_per_kind:
            first.append(folder / name)

    def files(self, kind: str) -> list[Path]:
        """The remembered files of a kind: an extension, or `.trans`, `_metadata`, `transcript` (.txt)."""
        return list(self._first.get(kind, ()))

    def named(self, name: str) -> list[Path]:
        """The remembered files with exactly this name."""
        return [path for path in self._first.get(_kind(name), ()) if path.name == name]

    def relative(self, path: Path) -> str:
        """`path` relative to the root."""
        return path.name if path == self.root else str(path.relative_to(self.root))

    def describe(self) -> str:
        """Counts of files per extension and the first listing that cannot be read, for an error message."""
        for kind in _LISTING_KINDS:
            for path in self._first.get(kind, [])[:_ENOUGH]:
                try:
                    open_regular(path).close()
                except OSError as error:
                    problem = f"{self.relative(path)} ({error.strerror})"
                    return f"{describe_files(self.counts)}, but cannot read {problem}"
        return describe_files(self.counts)


def list_contents(root: Path) -> FolderContents:
    """List everything in `root`.

    Raises:
        InputRejected: `root` cannot be listed.
    """
    return _fill(FolderContents(root, most_per_kind=None))


def glance(root: Path) -> FolderContents:
    """List as much of `root` as tells which corpus it is: small, however large the corpus.

    Raises:
        InputRejected: `root` cannot be listed.
    """
    return _fill(FolderContents(root, most_per_kind=_ENOUGH))


def _fill(contents: FolderContents) -> FolderContents:
    root = contents.root
    if is_regular(root):
        contents.add(root.parent, root.name)
        return contents
    for folder in walk_folders(root):
        contents.folder_names.add(folder.path.name)
        for name in folder.names:
            contents.add(folder.path, name)
    return contents


def _kind(name: str) -> str:
    lowered = name.lower()
    for ending in _LIST_ENDINGS:
        if lowered.endswith(f"{ending}.txt"):
            return ending
    if lowered.startswith("transcript") and lowered.endswith(".txt"):
        return "transcript"
    return split_extension(lowered)[1]


def read_head(path: Path) -> str:
    """The first characters of a file; "" when it is not a regular file or cannot be read."""
    try:
        with open_regular(path) as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return ""
    return head.decode(find_encoding(head), errors="replace").lstrip()
