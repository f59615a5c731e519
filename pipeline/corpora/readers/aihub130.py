"""AI Hub 130: Korean conversations (한국인 대화음성) on ten subjects.

Provenance: AI Hub data set 130. Licence: AI Hub's terms of use.

Layout: one of two, or both side by side.

a.  `1.Training/1.라벨링데이터/<n.subject>/<label>_<NN>/<label>_<NN>_metadata.txt`, UTF-8,
    `|`-separated: column 0 is the recording's path, column 6 a dialect code (1 is Seoul and
    Gyeonggi; the other codes and columns are unverified and not used). The transcript has the
    recording's path with .txt, UTF-8.
b.  .wav, .txt and .json files with the same stem; the JSON has `original`, `start`, `end`,
    `length` and `metadata`. The .txt is read, or `original` where there is no .txt.

Transcripts write `(A)/(B)` as KsponSpeech does. Files are found by name; if several have the
name, the one whose folders match the listed ones best is taken. Recordings that no metadata
lists are read as in layout b. Speakers are not known.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, glance, read_head, walk_folders
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.listings import read_json, text_of
from pipeline.corpora.naming import split_of_folders, utterance_id
from pipeline.corpora.paths import FileIndex, listed_path, resolve_below
from pipeline.corpora.tables import ListedRow, read_listing
from pipeline.record import Annotation, AudioSource, TextFile, Utterance

_METADATA = "_metadata.txt"
_COLUMNS = tuple(f"column {number}" for number in range(32))
_PATH = _COLUMNS[0]


class _Files:
    """The recordings, transcripts and metadata in a folder."""

    def __init__(self, root: Path) -> None:
        self.metadata: list[Path] = []
        self.recordings = FileIndex()
        self.texts = FileIndex()
        for folder in walk_folders(root):
            metadata = [name for name in folder.names if name.endswith(_METADATA)]
            self.metadata.extend(folder.path / name for name in metadata)
            self.recordings.add(folder.path, (name for name in folder.names if _ends(name, ".wav")))
            texts = (name for name in folder.names if _ends(name, ".txt") or _ends(name, ".json"))
            self.texts.add(folder.path, (name for name in texts if name not in metadata))


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List what the metadata files name, in their order, then the other recordings by name."""
    contents = glance(root)
    if detect(contents) is None:
        raise InputRejected(
            f"{root} is not AI Hub 130: looked for a *{_METADATA} with lines of '<path>.wav | ...', or"
            f" .wav, .txt and .json files of the same name, found {contents.describe()}"
        )
    files = _Files(root)
    named: set[Path] = set()
    for metadata in files.metadata:
        for row in read_listing(
            metadata, root=root, corpus=corpus, delimiter="|", columns=_COLUMNS, file=_PATH
        ):
            if not isinstance(row, ListedRow):
                yield row
                continue
            listed = row.cells[_PATH]
            audio = files.recordings.find(listed) or resolve_below(metadata.parent, listed)
            named.add(audio)
            split = split_of_folders(metadata.parent.relative_to(root))
            yield _utterance(audio, listed, corpus=corpus, texts=files.texts, split=split)
    for audio in files.recordings.paths():
        if audio not in named:
            split = split_of_folders(audio.parent.relative_to(root))
            yield _utterance(audio, str(audio), corpus=corpus, texts=files.texts, split=split)


def _utterance(audio: Path, listed: str, *, corpus: str, texts: FileIndex, split: str | None) -> Utterance:
    return Utterance(
        utterance_id(corpus, listed_path(listed).stem),
        speaker=None,
        audio=AudioSource(audio),
        transcript=_transcript(listed, texts),
        split=split,
    )


def _transcript(listed: str, texts: FileIndex) -> TextFile | str | None:
    path = listed_path(listed)
    text = texts.find(str(path.with_suffix(".txt")))
    if text is not None:
        return TextFile(text, "utf-8")
    label = texts.find(str(path.with_suffix(".json")))
    if label is None:
        return None
    try:
        content = read_json(label)
    except ValueError:  # the utterance will be dropped as one without a transcript
        return None
    return text_of(content, "original") if isinstance(content, dict) else None


def _ends(name: str, extension: str) -> bool:
    return name.lower().endswith(extension)


def detect(contents: FolderContents) -> str | None:
    """A *_metadata.txt that begins with the path of a .wav, or a .json with "original" and "length"."""
    for path in contents.files("_metadata"):
        if read_head(path).partition("|")[0].strip().lower().endswith(".wav"):
            return f"{contents.relative(path)}, which lists recordings"
    for path in contents.files("json"):
        head = read_head(path)
        if head.startswith("{") and '"original"' in head and '"length"' in head:
            return f'{contents.relative(path)} with "original" and "length"'
    return None


AIHUB130 = Corpus(
    CorpusRecord(name="aihub130", title="AI Hub 130 (한국인 대화음성)", licence="AI Hub terms of use"),
    Annotation.KSPON,
    "<label>_<NN>_metadata.txt lists of recordings, or .wav, .txt and .json files of the same name",
    list_utterances,
    detect,
)
