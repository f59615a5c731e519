"""A plain table: .csv or .tsv with a header that names the columns.

Provenance and licence: the recordings' own.

Layout: a table (or a folder of them) with one row an utterance. The header says which column
is which, capitals or not; of several that fit, the first in this list counts:

    the recording   path, audio, wav, audio_filepath, file, file_name (needed)
    the transcript  text, sentence, transcript, transcription (needed)
    optional        id, utt_id; speaker, speaker_id, client_id; split; offset, start; duration

Paths are absolute or relative to the table. `duration` cuts only where `offset` is given. A
.csv is comma-separated (or `;`, or `|`) and may quote; a .tsv is tab-separated and never does.
A table named `train*`, `dev*`, `test*` says the split where no column does.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import Survey, take_survey
from pipeline.corpora.corpus import Corpus, Listed, malformed
from pipeline.corpora.files import Relative
from pipeline.corpora.listings import (
    AUDIO_NAMES,
    TEXT_NAMES,
    Columns,
    Row,
    make_utterance,
    name_columns,
    read_header,
    read_table,
)
from pipeline.corpora.naming import split_hint
from pipeline.corpora.readers import commonvoice
from pipeline.record import Annotation, Utterance

_DELIMITERS = {".csv": ",;|", ".tsv": "\t"}


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List every table's rows in their order."""
    survey = take_survey(root)
    tables = _find_tables(survey)
    if not tables:
        raise InputRejected(
            f"{root} holds no table: looked for .csv or .tsv with a header that names a column of"
            f" {', '.join(AUDIO_NAMES)} and one of {', '.join(TEXT_NAMES)},"
            f" found {survey.describe()}"
        )
    for table, (delimiter, columns) in tables.items():
        yield from _read_table(table, delimiter, columns, root=root, corpus=corpus)


def _read_table(
    table: Path, delimiter: str, columns: Columns, *, root: Path, corpus: str
) -> Iterator[Listed]:
    files = Relative(table.parent)
    rows = read_table(
        table, root=root, corpus=corpus, delimiter=delimiter, quoted=delimiter != "\t", file=columns.audio
    )
    for row in rows:
        if not isinstance(row, Row):
            yield row
            continue
        utterance = make_utterance(
            row.cells, columns, corpus=corpus, files=files, split=split_hint(table.stem)
        )
        if isinstance(utterance, Utterance):
            yield utterance
        else:
            yield malformed(corpus, table, root=root, line=row.line, problem=utterance)


def _find_tables(survey: Survey) -> dict[Path, tuple[str, Columns]]:
    """Every table that lists recordings, with its delimiter and its columns, in order."""
    files = sorted([*survey.files("csv"), *survey.files("tsv")])
    return {path: found for path in files if (found := _examine(path))}


def _examine(table: Path) -> tuple[str, Columns] | None:
    """The delimiter and the columns of a table, or None when its header does not name them."""
    for delimiter in _DELIMITERS.get(table.suffix.lower(), ""):
        columns = name_columns(read_header(table, delimiter=delimiter))
        if columns is not None:
            return delimiter, columns
    return None


def recognise(survey: Survey) -> str | None:
    """A .csv or .tsv whose header names a recording and a text, and that is not Common Voice's."""
    if commonvoice.recognise(survey):
        return None
    for table, (_, columns) in _find_tables(survey).items():
        return f"{survey.relative(table)} with columns {columns.audio} and {columns.text}"
    return None


TABLE = Corpus(
    CorpusRecord(name="table", title="A table's recordings", licence="the recordings' own"),
    Annotation.PLAIN,
    "a .csv or .tsv whose header names a column path, audio or wav and a column text or sentence",
    list_utterances,
    recognise,
)
