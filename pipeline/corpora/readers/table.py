"""Your own table: .csv or .tsv with a header that names the columns.

Provenance and licence: the recordings' own.

Layout: a table (or a folder of them) with one row per utterance. The header tells which column
is which, in capitals or not. If several columns fit, the first name in this list counts:

    the recording   path, audio, wav, audio_filepath, file, file_name (needed)
    the transcript  text, sentence, transcript, transcription (needed)
    optional        id, utt_id; speaker, speaker_id, client_id; split; offset, start; duration

Paths are absolute or relative to the table, and may lead out of its folder: a run says how many
do. `duration` cuts the recording only together with `offset`. A .csv is separated by commas (or
`;`, or `|`) and may quote cells; a .tsv is separated by tabs and never quotes. A table called
`train*`, `dev*` or `test*` gives its rows that split unless they have one of their own.

A folder of tables is read whole or not at all: a .csv or .tsv that cannot be read, or whose
header lacks a needed column, is refused by name. One that is no list of recordings is moved
elsewhere, or given a name that begins with a dot.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.corpora.contents import FolderContents, list_contents
from pipeline.corpora.corpus import Corpus, Listed, malformed_line
from pipeline.corpora.lines import MEND_OR_MOVE
from pipeline.corpora.listings import (
    AUDIO_NAMES,
    TEXT_NAMES,
    Columns,
    make_utterance,
    name_columns,
)
from pipeline.corpora.naming import split_hint
from pipeline.corpora.paths import RelativePaths
from pipeline.corpora.readers import commonvoice
from pipeline.corpora.tables import ListedRow, describe_header, read_header, read_listing
from pipeline.record import Annotation, Utterance

_DELIMITERS = {".csv": ",;|", ".tsv": "\t"}


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the rows of every table, in their order."""
    contents = list_contents(root)
    tables = _find_tables(contents)
    if not tables:
        raise InputRejected(
            f"{root} holds no table: looked for .csv or .tsv with a header that names a column of"
            f" {', '.join(AUDIO_NAMES)} and one of {', '.join(TEXT_NAMES)},"
            f" found {contents.describe()}"
        )
    for path in _candidates(contents):
        if path not in tables:
            found = describe_header(path, delimiter=_DELIMITERS[path.suffix.lower()][0])
            raise InputRejected(
                f"{path} cannot be read as the tables beside it: {found}; expected a column of"
                f" {', '.join(AUDIO_NAMES)} and one of {', '.join(TEXT_NAMES)}: {MEND_OR_MOVE}"
            )
    for table, (delimiter, columns) in tables.items():
        yield from _read_table(table, delimiter, columns, root=root, corpus=corpus)


def _read_table(
    table: Path, delimiter: str, columns: Columns, *, root: Path, corpus: str
) -> Iterator[Listed]:
    files = RelativePaths(table.parent)
    rows = read_listing(
        table, root=root, corpus=corpus, delimiter=delimiter, quoted=_quotes(delimiter), file=columns.audio
    )
    for row in rows:
        if not isinstance(row, ListedRow):
            yield row
            continue
        utterance = make_utterance(
            row.cells, columns, corpus=corpus, files=files, split=split_hint(table.stem)
        )
        if isinstance(utterance, Utterance):
            yield utterance
        else:
            yield malformed_line(corpus, table, root=root, line=row.line, problem=utterance)


def _find_tables(contents: FolderContents) -> dict[Path, tuple[str, Columns]]:
    """Every table that lists recordings, with its delimiter and columns, in order."""
    return {path: found for path in _candidates(contents) if (found := _read_layout(path))}


def _candidates(contents: FolderContents) -> list[Path]:
    return sorted([*contents.files("csv"), *contents.files("tsv")])


def _read_layout(table: Path) -> tuple[str, Columns] | None:
    """The delimiter and columns of a table, or None when its header lacks a needed column."""
    for delimiter in _DELIMITERS.get(table.suffix.lower(), ""):
        columns = name_columns(read_header(table, delimiter=delimiter, quoted=_quotes(delimiter)))
        if columns is not None:
            return delimiter, columns
    return None


def _quotes(delimiter: str) -> bool:
    return delimiter != "\t"


def detect(contents: FolderContents) -> str | None:
    """A .csv or .tsv whose header names a recording and a text, unless it is Common Voice's."""
    if commonvoice.detect(contents):
        return None
    for table, (_, columns) in _find_tables(contents).items():
        return f"{contents.relative(table)} with columns {columns.audio} and {columns.text}"
    return None


TABLE = Corpus(
    CorpusRecord(name="table", title="A table's recordings", licence="the recordings' own"),
    Annotation.PLAIN,
    "a .csv or .tsv whose header names a column path, audio or wav and a column text or sentence",
    list_utterances,
    detect,
)
