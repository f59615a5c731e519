"""KSS: 12,853 clips of one speaker reading, 12 hours.

Provenance: Kyubyong Park, "KSS Dataset: Korean Single Speaker Speech Dataset", Kaggle, 2018.
Licence: CC BY-NC-SA 4.0.

Layout: `<n>/<n>_<m>.wav` and `transcript.v.1.4.txt`, UTF-8, `|`-separated, without a header:
wav path, original text, text with numbers spelled out, the same in decomposed jamo, seconds,
English (older versions have only five columns). The original is the spelling; the text with
numbers spelled out is what was said. Some copies are 44.1 kHz, some 16 kHz; in some, the listed
1_1005 is missing.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, glance, read_head, walk_folders
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.naming import speaker_id, utterance_id
from pipeline.corpora.paths import FileIndex, index_files, listed_path, resolve_below
from pipeline.corpora.tables import ListedRow, read_listing
from pipeline.record import Annotation, AudioSource, Utterance, two_forms

_COLUMNS = ("path", "original", "expanded", "decomposed", "seconds", "english")
_NEEDED = ("original", "expanded")
_SPEAKER = "kss"


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the lines of the newest transcript, in their order, then the other clips by name."""
    contents = glance(root)
    if not detect(contents):
        raise InputRejected(
            f"{root} is not KSS: looked for a transcript*.txt of 'path|text|text|...' lines, found"
            f" {contents.describe()}"
        )
    listing = max(contents.files("transcript"), key=lambda path: path.name)
    clips = index_files(walk_folders(root), extensions=("wav", "flac", "mp3"))
    listed: set[str] = set()
    rows = read_listing(
        listing, root=root, corpus=corpus, delimiter="|", columns=_COLUMNS, file="path", needed=_NEEDED
    )
    for row in rows:
        if isinstance(row, ListedRow):
            utterance = _utterance(row, corpus=corpus, folder=listing.parent, clips=clips)
            listed.add(utterance.id)
            yield utterance
        else:
            yield row
    for path in clips.paths():
        name = utterance_id(corpus, _SPEAKER, path.stem)
        if name not in listed:
            yield Utterance(name, speaker_id(corpus, _SPEAKER), AudioSource(path), transcript=None)


def _utterance(row: ListedRow, *, corpus: str, folder: Path, clips: FileIndex) -> Utterance:
    path = row.cells["path"]
    return Utterance(
        utterance_id(corpus, _SPEAKER, listed_path(path).stem),
        speaker=speaker_id(corpus, _SPEAKER),
        audio=AudioSource(clips.find(path) or resolve_below(folder, path)),
        transcript=two_forms(spelling=row.cells["original"], spoken=row.cells["expanded"]),
    )


def detect(contents: FolderContents) -> str | None:
    """A transcript*.txt whose first line has five or six cells and begins with the path of a .wav."""
    for path in contents.files("transcript"):
        cells = read_head(path).partition("\n")[0].split("|")
        if len(cells) in (5, 6) and cells[0].lower().endswith(".wav"):
            return f"{contents.relative(path)} with {len(cells)} columns"
    return None


KSS = Corpus(
    CorpusRecord(name="kss", title="KSS (Korean Single Speaker Speech)", licence="CC BY-NC-SA 4.0"),
    Annotation.PLAIN,
    "<n>/<n>_<m>.wav with transcript.v.1.4.txt of 'path|original|expanded|...' lines",
    list_utterances,
    detect,
)
