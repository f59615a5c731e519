"""Folders of recordings with a `*.trans.txt` that lists them: LibriSpeech's way, used by many.

A line is `key text`, UTF-8, split once at white space; the key is the recording's stem.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.corpora.corpus import malformed
from pipeline.corpora.files import Folder, count_kinds, describe_files, split_name, walk_folders
from pipeline.corpora.naming import readable
from pipeline.record import Dropped

_SUFFIX = ".trans.txt"
_AUDIO = ("flac", "wav", "mp3", "ogg", "opus")


@dataclass(frozen=True, slots=True)
class TranscribedFile:
    """A recording and its line of the folder's listing; either may be missing, not both."""

    folder: Path
    key: str
    audio: Path
    text: str | None


def read_trans_folders(root: Path, corpus: str) -> Iterator[TranscribedFile | Dropped]:
    """Every recording and every listed key below `root`, folder by folder, sorted by key.

    Raises:
        InputRejected: No folder below `root` holds a `*.trans.txt`.
    """
    untranscribed: list[Folder] = []
    found = False
    for folder in walk_folders(root):
        found = found or any(name.endswith(_SUFFIX) for name in folder.names)
        if not found:
            untranscribed.append(folder)
            continue
        for earlier in untranscribed:
            yield from _read_folder(earlier, root=root, corpus=corpus)
        untranscribed.clear()
        yield from _read_folder(folder, root=root, corpus=corpus)
    if not found:
        raise InputRejected(
            f"{root} is not in LibriSpeech's layout: looked for a *{_SUFFIX} beside the recordings, in"
            f" folders anywhere below it, found {describe_files(count_kinds(untranscribed))}"
        )


def _read_folder(folder: Folder, *, root: Path, corpus: str) -> Iterator[TranscribedFile | Dropped]:
    recordings: dict[str, Path] = {}
    lines: list[tuple[str, str | None]] = []
    for name in folder.names:
        if name.endswith(_SUFFIX):
            for line in _read_lines(folder.path / name, root=root, corpus=corpus):
                if isinstance(line, Dropped):
                    yield line
                else:
                    lines.append(line)
        elif split_name(name)[1].lower() in _AUDIO:
            recordings.setdefault(readable(split_name(name)[0]), folder.path / name)
    listed = {key for key, _ in lines}
    lines.extend((key, None) for key in recordings if key not in listed)
    for key, text in sorted(lines, key=itemgetter(0)):
        audio = recordings.get(key, folder.path / f"{_file_name(key)}.flac")
        yield TranscribedFile(folder.path, key, audio, text)


def _read_lines(listing: Path, *, root: Path, corpus: str) -> Iterator[tuple[str, str] | Dropped]:
    with listing.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                parts = raw.decode("utf-8-sig" if number == 1 else "utf-8").split(maxsplit=1)
            except UnicodeDecodeError:
                yield malformed(corpus, listing, root=root, line=number, problem="not UTF-8")
                continue
            if parts:
                yield readable(parts[0]), parts[1].strip() if len(parts) == 2 else ""


def _file_name(key: str) -> str:
    return key.replace("/", "_").replace("\0", "")
