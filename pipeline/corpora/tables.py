"""Tables: rows of cells, and the quotation marks that swallow rows."""

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.contract.files import open_regular
from pipeline.contract.text import shorten
from pipeline.corpora.contents import AUDIO_EXTENSIONS, split_extension
from pipeline.corpora.corpus import malformed_line
from pipeline.corpora.lines import MOST_LINE_CHARACTERS, ListedLine, find_encoding, read_lines
from pipeline.corpora.paths import listed_path
from pipeline.record import Dropped

MOST_ROW_LINES = 50
"""A quoted cell may have line breaks, but no transcript of an utterance has as many."""

MOST_CELL_CHARACTERS = 2**17
"""A transcript has under 1,000; the csv module also ends here."""

_STRAY_QUOTE = (
    "a quotation mark opens a cell here and is not closed before the next row: close it or remove it"
)


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row of a table.

    Attributes:
        line: The line that it ends on, counted from 1.
        cells: Stripped text by column; "" in the columns that a short row lacks.
    """

    line: int
    cells: dict[str, str]


def read_header(table: Path, *, delimiter: str, quoted: bool = False) -> tuple[str, ...]:
    """The cells of a table's first line, as `read_listing` splits it; () when it cannot be read."""
    try:
        with open_regular(table) as stream:
            lines = io.TextIOWrapper(
                stream, encoding=find_encoding(stream.peek(4)), errors="replace", newline=""
            )
            first = ListedLine(1, lines.readline(MOST_LINE_CHARACTERS))
    except OSError:
        return ()
    return tuple(_Rows(iter([first]), delimiter, quoted=quoted).read_names())


def describe_header(table: Path, *, delimiter: str) -> str:
    """What a table's first line names, for a message that refuses the table.

    Raises:
        InputRejected: The table cannot be opened.
    """
    first = next(read_lines(table, newline="", or_cp949=True), None)
    if first is None:
        return "it is empty"
    if first.problem is not None:
        return f"its first line is {first.problem}"
    names = [cell.strip() for cell in first.text.split(delimiter) if cell.strip()]
    return f"its header names {shorten(', '.join(names)) or 'nothing'}"


def read_listing(
    listing: Path,
    *,
    root: Path,
    corpus: str,
    delimiter: str,
    quoted: bool = False,
    columns: Sequence[str] | None = None,
    file: str = "",
    needed: Sequence[str] = (),
) -> Iterator[ListedRow | Dropped]:
    """Read a table row by row, skipping blank lines.

    A quotation mark that is not closed costs its own row, which is dropped, and no other: a
    quoted cell may have line breaks, but not lines that are rows themselves.

    Args:
        listing: UTF-8, UTF-16 or UTF-32, with or without a byte order mark, or cp949 throughout
            (Korean Excel).
        root: The corpus' folder; a drop names the listing relative to it.
        corpus: The corpus' name.
        delimiter: The character between cells.
        quoted: Whether a cell may be quoted, and may then contain the delimiter.
        columns: Column names for a table without a header line.
        file: The column that names the recording. A row without it is dropped.
        needed: Other columns without which a row is dropped.

    Raises:
        InputRejected: The listing cannot be opened.
    """
    rows = _Rows(read_lines(listing, newline="", or_cp949=True), delimiter, quoted=quoted)
    if columns is None:
        columns = rows.read_names()
    rows.file = columns.index(file) if file in columns else 0
    for line, cells, broken in rows:
        if broken is None and not any(cell.strip() for cell in cells):
            continue
        problem = broken or _problem(cells, columns, file=file, needed=needed)
        if problem is None:
            yield ListedRow(line, _name_cells(cells, columns))
        else:
            yield malformed_line(corpus, listing, root=root, line=line, problem=problem)


class _Rows:
    """The rows of a table as (line that they end on, cells, what is broken); every line is in one of them.

    Attributes:
        file: Index of the column that names recordings: what it holds tells a row from a line of text.
    """

    def __init__(self, lines: Iterator[ListedLine], delimiter: str, *, quoted: bool) -> None:
        self.file = 0
        self._lines = lines
        self._delimiter = delimiter
        self._quoted = quoted
        self._endings = set(AUDIO_EXTENSIONS)
        self._waiting: deque[ListedLine] = deque()

    def read_names(self) -> list[str]:
        """The cells of the first line; what is wrong with that line is said as of any other."""
        line = self._next_line()
        if line is None:
            return []
        if line.problem is not None:
            self._waiting.append(line)
        return [cell.strip() for cell in self._split(line.text)[0]]

    def __iter__(self) -> Iterator[tuple[int, list[str], str | None]]:
        while (line := self._next_line()) is not None:
            if line.problem is not None:
                yield line.number, [], line.problem
                continue
            cells, is_open = self._split(line.text)
            if not is_open:
                if self._quoted:
                    self._learn_ending(cells)
                yield line.number, cells, None
            elif (row := self._read_on(line, cells)) is not None:
                yield (*row, None)
            else:
                yield line.number, [], _STRAY_QUOTE

    def _next_line(self) -> ListedLine | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _split(self, line: str) -> tuple[list[str], bool]:
        if self._quoted and '"' in line:
            return _split_quoted([line], self._delimiter)
        return line.rstrip("\r\n").split(self._delimiter), False

    def _read_on(self, first: ListedLine, cells: list[str]) -> tuple[int, list[str]] | None:
        """The row that begins on `first` and goes on below it, or None if its quote swallows rows."""
        row_by_itself = self._is_row(cells) or self._is_row(first.text.split(self._delimiter))
        taken: list[ListedLine] = []
        texts = [first.text]
        while len(taken) < MOST_ROW_LINES and (line := self._next_line()) is not None:
            taken.append(line)
            texts.append(line.text)
            if line.problem is not None:
                break
            cells, is_open = _split_quoted(texts, self._delimiter)
            # The last line of a row whose text comes first ends as all rows do: `and more",1.wav`.
            if (row_by_itself or is_open) and self._is_row(self._split(line.text)[0]):
                break
            if not is_open:
                if not self._is_row(cells) or not _is_well_quoted(texts, self._delimiter):
                    break
                return line.number, cells
        self._waiting.extendleft(reversed(taken))
        return None

    def _is_row(self, cells: list[str]) -> bool:
        """Whether a line's cells name a recording where the table's rows do."""
        ending = self._ending(cells)
        return ending is not None and len(cells) > 1 and ending in self._endings

    def _learn_ending(self, cells: list[str]) -> None:
        if (ending := self._ending(cells)) is not None:
            self._endings.add(ending)

    def _ending(self, cells: list[str]) -> str | None:
        """The ending of the recording's name ("" if it has none), or None for what is no name."""
        name = cells[self.file].strip() if len(cells) > self.file else ""
        ending = split_extension(name)[1].lower()
        return None if not name or (not ending and len(name.split()) > 1) else ending


def _split_quoted(lines: list[str], delimiter: str, *, strict: bool = False) -> tuple[list[str], bool]:
    """The cells of the row that `lines` begin with, and whether a quote is open at their end."""
    ended = False

    def feed() -> Iterator[str]:
        nonlocal ended
        yield from lines
        ended = True

    try:
        cells = next(csv.reader(feed(), delimiter=delimiter, strict=strict), [])
    except csv.Error:
        if strict:
            raise
        return ["".join(lines)], False  # a cell over csv's limit: refused as any cell of its length
    return cells, ended


def _is_well_quoted(lines: list[str], delimiter: str) -> bool:
    """Whether every closing quote ends its cell."""
    try:
        _split_quoted(lines, delimiter, strict=True)
    except csv.Error:
        return False
    return True


def _name_cells(cells: list[str], columns: Sequence[str]) -> dict[str, str]:
    named = dict.fromkeys(columns, "")
    named.update(zip(columns, (cell.strip() for cell in cells), strict=False))
    return named


def _problem(cells: list[str], columns: Sequence[str], *, file: str, needed: Sequence[str]) -> str | None:
    if any(len(cell) > MOST_CELL_CHARACTERS for cell in cells):
        return f"a cell of over {MOST_CELL_CHARACTERS:,} characters"
    if len(cells) > len(columns):
        return f"{len(cells)} cells, expected {len(columns)}: {', '.join(columns)}"
    named = _name_cells(cells, columns)
    if file and not listed_path(named[file]).name:
        return f"no {file}"
    return next((f"no {name}" for name in needed if not named[name]), None)
