"""KSS: 12,853 clips of one speaker reading, 12 hours.

Provenance: Kyubyong Park, "KSS Dataset: Korean Single Speaker Speech Dataset", Kaggle, 2018.
Licence: CC BY-NC-SA 4.0.

Layout: `<n>/<n>_<m>.wav` and `transcript.v.1.4.txt`, UTF-8, `|`-separated without a header:
wav path, original text, the same with numbers spelled out, the same in decomposed jamo,
seconds, English (older versions have five columns). Numbers as they were read are what was
said. Some copies are 44.1 kHz, some 16 kHz; in some the listed 1_1005 is missing.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import Survey, glance, read_head
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.files import FileIndex, index_files, listed_path, walk_folders, within
from pipeline.corpora.listings import Row, read_table
from pipeline.corpora.naming import speaker_id, utterance_id
from pipeline.record import Annotation, AudioSource, Utterance, two_forms

_COLUMNS = ("path", "original", "expanded", "decomposed", "seconds", "english")
_NEEDED = ("original", "expanded")
_SPEAKER = "kss"


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the newest transcript's lines in their order, then the clips that it does not name."""
    survey = glance(root)
    if not recognise(survey):
        raise InputRejected(
            f"{root} is not KSS: looked for transcript.v.*.txt of 'path|text|text|...' lines, found"
            f" {survey.describe()}"
        )
    listing = max(survey.files("transcript"), key=lambda path: path.name)
    clips = index_files(walk_folders(root), extensions=("wav", "flac", "mp3"))
    listed: set[str] = set()
    rows = read_table(
        listing, root=root, corpus=corpus, delimiter="|", columns=_COLUMNS, file="path", needed=_NEEDED
    )
    for row in rows:
        if isinstance(row, Row):
            utterance = _utterance(row, corpus=corpus, folder=listing.parent, clips=clips)
            listed.add(utterance.id)
            yield utterance
        else:
            yield row
    for path in clips.paths():
        name = utterance_id(corpus, _SPEAKER, path.stem)
        if name not in listed:
            yield Utterance(name, speaker_id(corpus, _SPEAKER), AudioSource(path), transcript=None)


def _utterance(row: Row, *, corpus: str, folder: Path, clips: FileIndex) -> Utterance:
    path = row.cells["path"]
    return Utterance(
        utterance_id(corpus, _SPEAKER, listed_path(path).stem),
        speaker=speaker_id(corpus, _SPEAKER),
        audio=AudioSource(clips.find(path) or within(folder, path)),
        transcript=two_forms(spelling=row.cells["original"], spoken=row.cells["expanded"]),
    )


def recognise(survey: Survey) -> str | None:
    """A transcript*.txt whose first line has five or six cells and names a recording."""
    for path in survey.files("transcript"):
        cells = read_head(path).partition("\n")[0].split("|")
        if len(cells) in (5, 6) and cells[0].lower().endswith(".wav"):
            return f"{survey.relative(path)} with {len(cells)} columns"
    return None


KSS = Corpus(
    CorpusRecord(name="kss", title="KSS (Korean Single Speaker Speech)", licence="CC BY-NC-SA 4.0"),
    Annotation.PLAIN,
    "<n>/<n>_<m>.wav with transcript.v.1.4.txt of 'path|original|expanded|...' lines",
    list_utterances,
    recognise,
)
