"""FLEURS (ko_kr): about 10 hours, sentences from Wikipedia, each read by several speakers.

Provenance: Conneau et al., "FLEURS: Few-shot Learning Evaluation of Universal Representations
of Speech", 2022 (Google). Licence: CC BY 4.0.

Layout: `<split>.tsv`, tab-separated, without a header: sentence id, file, raw text, text in
lower case without punctuation, characters, samples, gender. The recordings are in the same
folder (`audio/<split>/` or `<split>/`) and are found by name. The raw text is read. Speakers
are not named, and a sentence id has several recordings. If the list of one split cannot be
read, the corpus is refused.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, list_contents, walk_folders
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.lines import MEND_OR_MOVE
from pipeline.corpora.naming import split_hint, utterance_id
from pipeline.corpora.paths import index_files, listed_path, resolve_below
from pipeline.corpora.tables import ListedRow, describe_header, read_header, read_listing
from pipeline.record import Annotation, AudioSource, Utterance

_COLUMNS = ("id", "file", "raw_text", "text", "characters", "samples", "gender")
_SPLITS = ("train", "valid", "test")


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the recordings of every split's list, in its order."""
    contents = list_contents(root)
    lists = _find_lists(contents)
    if not lists:
        raise InputRejected(
            f"{root} is not FLEURS: looked for train.tsv, dev.tsv or test.tsv with {len(_COLUMNS)} columns"
            f" ({', '.join(_COLUMNS)}), found {contents.describe()}"
        )
    folders = {path.parent for path in lists}
    for path in contents.files("tsv"):
        if path.parent in folders and path not in lists and split_hint(path.stem):
            found = describe_header(path, delimiter="\t")
            raise InputRejected(
                f"{path} is not a list of FLEURS: {found}; expected {len(_COLUMNS)} columns"
                f" ({', '.join(_COLUMNS)}) and no header: {MEND_OR_MOVE}"
            )
    recordings = index_files(walk_folders(root), extensions=("wav", "flac", "mp3"))
    for listing in lists:
        rows = read_listing(
            listing,
            root=root,
            corpus=corpus,
            delimiter="\t",
            columns=_COLUMNS,
            file="file",
            needed=["raw_text"],
        )
        for row in rows:
            if not isinstance(row, ListedRow):
                yield row
                continue
            file = listed_path(row.cells["file"])
            near = f"{listing.stem}/{file.name}"
            yield Utterance(
                utterance_id(corpus, file.stem),
                speaker=None,
                audio=AudioSource(recordings.find(near) or resolve_below(listing.parent, f"audio/{near}")),
                transcript=row.cells["raw_text"],
                split=split_hint(listing.stem),
            )


def _find_lists(contents: FolderContents) -> list[Path]:
    lists = [path for path in contents.files("tsv") if split_hint(path.stem) and _is_list(path)]
    return sorted(lists, key=lambda path: (_SPLITS.index(split_hint(path.stem) or ""), path))


def _is_list(path: Path) -> bool:
    cells = read_header(path, delimiter="\t")
    return len(cells) == len(_COLUMNS) and cells[1].lower().endswith(".wav") and cells[5].isdecimal()


def detect(contents: FolderContents) -> str | None:
    """A split's list whose first line has the seven columns of FLEURS."""
    lists = _find_lists(contents)
    return f"{contents.relative(lists[0])} with seven columns and no header" if lists else None


FLEURS = Corpus(
    CorpusRecord(name="fleurs", title="FLEURS", licence="CC BY 4.0"),
    Annotation.PLAIN,
    "<split>.tsv of seven columns without a header, recordings in audio/<split>/",
    list_utterances,
    detect,
)
