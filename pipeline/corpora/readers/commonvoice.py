"""Mozilla Common Voice (ko): sentences read by volunteers, grows with every release.

Provenance: Mozilla Common Voice, commonvoice.mozilla.org; Ardila et al., LREC 2020.
Licence: CC0 1.0.

Layout: `<lang>/{train,dev,test,validated,invalidated,other}.tsv` (UTF-8, a header, no quoting;
the columns differ between releases: `client_id`, `path` and `sentence` are always there) and
`<lang>/clips/*.mp3`.

The lists train, dev and test are read. `validated` holds the same and more takes of the same
sentences, by speakers and sentences of dev and test too: it is read only where none of the
three is there. What the volunteers rejected (`invalidated`) or have not judged (`other`) is
never read.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import Survey, take_survey
from pipeline.corpora.corpus import Corpus, Listed
from pipeline.corpora.files import Relative, listed_path
from pipeline.corpora.listings import Row, read_header, read_table
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.record import Annotation, AudioSource, Utterance

_SPLIT_LISTS = ("train.tsv", "dev.tsv", "test.tsv")
_HEADER = {"client_id", "path", "sentence"}


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the clips of train, dev and test, list by list."""
    survey = take_survey(root)
    lists = _find_lists(survey)
    if not lists:
        raise InputRejected(
            f"{root} is not Common Voice: looked for train.tsv, dev.tsv, test.tsv or validated.tsv with"
            f" columns {', '.join(sorted(_HEADER))}, found {survey.describe()}"
        )
    languages = sorted({path.parent for path in lists})
    if len(languages) > 1:
        names = ", ".join(survey.relative(folder) for folder in languages)
        raise InputRejected(f"{root} holds several languages: {names}; give the folder of one of them")
    clips = Relative(languages[0] / "clips")
    for listing in lists:
        rows = read_table(listing, root=root, corpus=corpus, delimiter="\t", file="path", needed=["sentence"])
        for row in rows:
            if isinstance(row, Row):
                yield _utterance(row.cells, corpus=corpus, clips=clips, split=split_hint(listing.stem))
            else:
                yield row


def _find_lists(survey: Survey) -> list[Path]:
    for names in (_SPLIT_LISTS, ("validated.tsv",)):
        found = [path for name in names for path in survey.named(name) if _is_list(path)]
        if found:
            return found
    return []


def _is_list(path: Path) -> bool:
    return set(read_header(path, delimiter="\t")) >= _HEADER


def _utterance(cells: dict[str, str], *, corpus: str, clips: Relative, split: str | None) -> Utterance:
    name = listed_path(cells["path"]).name
    if "." not in name:  # the first releases leave the extension out
        name = f"{name}.mp3"
    return Utterance(
        utterance_id(corpus, name.rpartition(".")[0]),
        speaker=speaker_id(corpus, cells["client_id"]) if cells["client_id"] else None,
        audio=AudioSource(clips.resolve(name)),
        transcript=cells["sentence"],
        split=split,
    )


def recognise(survey: Survey) -> str | None:
    """One of the lists, with the columns that every release has."""
    lists = _find_lists(survey)
    return f"{survey.relative(lists[0])} with columns client_id, path, sentence" if lists else None


COMMON_VOICE = Corpus(
    CorpusRecord(name="commonvoice", title="Mozilla Common Voice", licence="CC0 1.0"),
    Annotation.PLAIN,
    "train.tsv, dev.tsv, test.tsv beside clips/*.mp3",
    list_utterances,
    recognise,
)
