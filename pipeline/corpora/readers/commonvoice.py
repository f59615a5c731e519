"""Mozilla Common Voice (ko): sentences read by volunteers; it grows with every release.

Provenance: Mozilla Common Voice, commonvoice.mozilla.org; Ardila et al., LREC 2020.
Licence: CC0 1.0.

Layout: `<lang>/{train,dev,test,validated,invalidated,other}.tsv` (UTF-8, with a header, never
quoted) and `<lang>/clips/*.mp3`. The columns differ between releases, but all have `client_id`,
`path` and `sentence`.

The lists train, dev and test are read. `validated` repeats them and adds more takes, also of
sentences and by speakers of dev and test, so it is read only when none of the three is there.
Clips that the volunteers rejected (`invalidated`) or have not judged (`other`) are never read.
If one of train, dev and test cannot be read, the corpus is refused.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, list_contents
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.lines import MEND_OR_MOVE
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.paths import RelativePaths, listed_path
from pipeline.corpora.tables import ListedRow, describe_header, read_header, read_listing
from pipeline.record import Annotation, AudioSource, Utterance

_SPLIT_LISTS = ("train.tsv", "dev.tsv", "test.tsv")
_HEADER = {"client_id", "path", "sentence"}


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the clips of train, then dev, then test."""
    contents = list_contents(root)
    lists = _find_lists(contents)
    if not lists:
        raise InputRejected(
            f"{root} is not Common Voice: looked for train.tsv, dev.tsv, test.tsv or validated.tsv with the"
            f" columns {', '.join(sorted(_HEADER))}, found {contents.describe()}"
        )
    languages = sorted({path.parent for path in lists})
    if len(languages) > 1:
        names = ", ".join(contents.relative(folder) for folder in languages)
        raise InputRejected(f"{root} holds several languages: {names}; give the folder of one")
    for name in _SPLIT_LISTS:
        for path in contents.named(name):
            if path.parent == languages[0] and path not in lists:
                found = describe_header(path, delimiter="\t")
                raise InputRejected(
                    f"{path} is not a list of Common Voice: {found}; expected {', '.join(sorted(_HEADER))}:"
                    f" {MEND_OR_MOVE}"
                )
    clips = RelativePaths(languages[0] / "clips")
    for listing in lists:
        rows = read_listing(
            listing, root=root, corpus=corpus, delimiter="\t", file="path", needed=["sentence"]
        )
        for row in rows:
            if isinstance(row, ListedRow):
                yield _utterance(row.cells, corpus=corpus, clips=clips, split=split_hint(listing.stem))
            else:
                yield row


def _find_lists(contents: FolderContents) -> list[Path]:
    for names in (_SPLIT_LISTS, ("validated.tsv",)):
        found = [path for name in names for path in contents.named(name) if _is_list(path)]
        if found:
            return found
    return []


def _is_list(path: Path) -> bool:
    return set(read_header(path, delimiter="\t")) >= _HEADER


def _utterance(cells: dict[str, str], *, corpus: str, clips: RelativePaths, split: str | None) -> Utterance:
    name = listed_path(cells["path"]).name
    if "." not in name:  # as in the first releases
        name = f"{name}.mp3"
    return Utterance(
        utterance_id(corpus, name.rpartition(".")[0]),
        speaker=speaker_id(corpus, cells["client_id"]) if cells["client_id"] else None,
        audio=AudioSource(clips.resolve(name)),
        transcript=cells["sentence"],
        split=split,
    )


def detect(contents: FolderContents) -> str | None:
    """A list with the columns that every release has."""
    lists = _find_lists(contents)
    return f"{contents.relative(lists[0])} with columns client_id, path, sentence" if lists else None


COMMON_VOICE = Corpus(
    CorpusRecord(name="commonvoice", title="Mozilla Common Voice", licence="CC0 1.0"),
    Annotation.PLAIN,
    "train.tsv, dev.tsv, test.tsv beside clips/*.mp3",
    list_utterances,
    detect,
)
