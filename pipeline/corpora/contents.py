"""What lies below a folder, seen once, for every reader to say whether it is its corpus."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.corpora.files import describe_files, split_name, walk_folders

AUDIO = ("wav", "flac", "pcm", "mp3", "ogg", "opus")
_HEAD_BYTES = 2**16
_LIST_ENDS = (".trans", "_metadata")  # .txt files that list others, told from transcripts
_ENOUGH = 32  # the first files of a kind tell what corpus it is as well as all of them


@dataclass(frozen=True, slots=True)
class Survey:
    """The folder's content.

    Attributes:
        root: The folder, or a single file.
        most: How many files of a kind are remembered by name; None is all.
        kinds: How many files there are of each extension.
        folder_names: The names of all folders, the root's own among them.
    """

    root: Path
    most: int | None
    kinds: Counter[str] = field(default_factory=Counter)
    folder_names: set[str] = field(default_factory=set)
    _first: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, folder: Path, name: str) -> None:
        """Take up one file."""
        self.kinds[split_name(name)[1].lower()] += 1
        first = self._first.setdefault(_kind(name), [])
        if self.most is None or len(first) < self.most:
            first.append(folder / name)

    def files(self, kind: str) -> list[Path]:
        """The remembered files of a kind: an extension, or `.trans`, `_metadata`, `transcript` (.txt)."""
        return list(self._first.get(kind, ()))

    def named(self, name: str) -> list[Path]:
        """The remembered files of this very name."""
        return [path for path in self._first.get(_kind(name), ()) if path.name == name]

    def relative(self, path: Path) -> str:
        """`path` from the root on."""
        return path.name if path == self.root else str(path.relative_to(self.root))

    def describe(self) -> str:
        """How many files of which kind there are."""
        return describe_files(self.kinds)


def glance(root: Path) -> Survey:
    """Look through `root` for what corpus it is: bounded in size whatever the corpus' size is."""
    return _look(Survey(root, most=_ENOUGH))


def take_survey(root: Path) -> Survey:
    """Look through `root` and remember every file that is there.

    Raises:
        InputRejected: `root` cannot be listed.
    """
    return _look(Survey(root, most=None))


def _look(survey: Survey) -> Survey:
    root = survey.root
    if root.is_file():
        survey.add(root.parent, root.name)
        return survey
    for folder in walk_folders(root):
        survey.folder_names.add(folder.path.name)
        for name in folder.names:
            survey.add(folder.path, name)
    return survey


def read_head(path: Path) -> str:
    """The first characters of a file, "" when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace").lstrip()
    except OSError:
        return ""


def _kind(name: str) -> str:
    lowered = name.lower()
    for end in _LIST_ENDS:
        if lowered.endswith(f"{end}.txt"):
            return end
    if lowered.startswith("transcript") and lowered.endswith(".txt"):
        return "transcript"
    return split_name(lowered)[1]
