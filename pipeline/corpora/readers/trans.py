"""LibriSpeech's layout, which many corpora use: folders of recordings with a `*.trans.txt`.

A line of the `.trans.txt` is `key text` in UTF-8, split at the first white space. The key is the
stem of a recording in the same folder.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.corpora.contents import Folder, count_extensions, describe_files, split_extension, walk_folders
from pipeline.corpora.corpus import Listed, malformed_line
from pipeline.corpora.lines import read_lines
from pipeline.corpora.naming import readable, speaker_id, split_hint, utterance_id
from pipeline.record import AudioSource, Dropped, Utterance

_SUFFIX = ".trans.txt"
_AUDIO = ("flac", "wav", "mp3", "ogg", "opus")


@dataclass(frozen=True, slots=True)
class TranscribedFile:
    """A recording and its line in the folder's listing. One of the two may be missing."""

    folder: Path
    key: str
    audio: Path
    text: str | None


def list_chapters(root: Path, corpus: str) -> Iterator[Listed]:
    """List the utterances of `<split>/<speaker>/<chapter>/` folders.

    `root` may be any folder of such a tree: ids, speakers and splits stay the same.

    Raises:
        InputRejected: No folder in `root` holds a `*.trans.txt`.
    """
    for file in read_trans_folders(root, corpus):
        if isinstance(file, Dropped):
            yield file
            continue
        speaker = Path(os.path.abspath(file.folder)).parent  # noqa: PTH100 - resolve() follows links
        yield Utterance(
            utterance_id(corpus, speaker.name, file.key),
            speaker=speaker_id(corpus, speaker.name),
            audio=AudioSource(file.audio),
            transcript=file.text,
            split=split_hint(speaker.parent.name),
        )


def read_trans_folders(root: Path, corpus: str) -> Iterator[TranscribedFile | Dropped]:
    """Read every recording and every listed key in `root`, folder by folder, sorted by key.

    Raises:
        InputRejected: No folder in `root` holds a `*.trans.txt`.
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
            f" any folder, found {describe_files(count_extensions(untranscribed))}"
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
        elif split_extension(name)[1].lower() in _AUDIO:
            recordings.setdefault(readable(split_extension(name)[0]), folder.path / name)
    listed = {key for key, _ in lines}
    lines.extend((key, None) for key in recordings if key not in listed)
    for key, text in sorted(lines, key=itemgetter(0)):
        audio = recordings.get(key, folder.path / f"{_file_name(key)}.flac")
        yield TranscribedFile(folder.path, key, audio, text)


def _read_lines(listing: Path, *, root: Path, corpus: str) -> Iterator[tuple[str, str] | Dropped]:
    for line in read_lines(listing):
        parts = line.text.split(maxsplit=1)
        if line.problem is not None:
            yield malformed_line(corpus, listing, root=root, line=line.number, problem=line.problem)
        elif parts:
            yield readable(parts[0]), parts[1].strip() if len(parts) == 2 else ""


def _file_name(key: str) -> str:
    return key.replace("/", "_").replace("\0", "")
