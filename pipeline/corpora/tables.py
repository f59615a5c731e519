"""Delimiter-separated listings: one row an utterance, columns by name."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpora.corpus import malformed
from pipeline.corpora.resolving import listed_path
from pipeline.record import Dropped


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a listing.

    Attributes:
        line: Where it ends in the file, counted from 1.
        cells: Stripped text by column; "" where the row is too short.
    """

    line: int
    cells: dict[str, str]


def read_header(listing: Path, *, delimiter: str) -> tuple[str, ...]:
    """The cells of a listing's first line; () when it has none that can be read."""
    try:
        with listing.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            cells = next(csv.reader([lines.readline(2**16)], delimiter=delimiter), [])
    except (OSError, csv.Error):
        return ()
    return tuple(cell.strip() for cell in cells)


def read_table(
    listing: Path,
    *,
    root: Path,
    corpus: str,
    delimiter: str,
    quoted: bool = False,
    columns: Sequence[str] | None = None,
    file: str = "",
    needed: Sequence[str] = (),
) -> Iterator[Row | Dropped]:
    """The rows of a listing; blank lines are passed over.

    Args:
        listing: UTF-8, with or without a byte order mark, or cp949 throughout, as Excel saves in Korea.
        root: The corpus' folder, from which a drop names the listing.
        corpus: The corpus' name.
        delimiter: What parts the cells.
        quoted: Whether a cell may be in quotation marks and then hold the delimiter.
        columns: Names of the columns, where the first line does not give them.
        file: The column that names a recording, without which a row names no utterance.
        needed: More columns without which a row names no utterance.
    """
    with listing.open(encoding=_encoding(listing), errors="surrogateescape", newline="") as lines:
        rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield malformed(corpus, listing, root=root, line=rows.line_num, problem=str(error))
                continue
            if columns is None:
                columns = [cell.strip() for cell in cells]
            elif any(cell.strip() for cell in cells):
                problem = _problem(cells, columns, file=file, needed=needed)
                if problem is None:
                    yield Row(rows.line_num, _name_cells(cells, columns))
                else:
                    yield malformed(corpus, listing, root=root, line=rows.line_num, problem=problem)


def _encoding(listing: Path) -> str:
    """UTF-8 unless the whole listing is cp949 and not UTF-8: a broken row makes it neither."""
    return next((encoding for encoding in ("utf-8-sig", "cp949") if _is_all(listing, encoding)), "utf-8-sig")


def _is_all(listing: Path, encoding: str) -> bool:
    try:
        with listing.open(encoding=encoding) as text:
            while text.read(2**20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _name_cells(cells: list[str], columns: Sequence[str]) -> dict[str, str]:
    named = dict.fromkeys(columns, "")
    named.update(zip(columns, (cell.strip() for cell in cells), strict=False))
    return named


def _problem(cells: list[str], columns: Sequence[str], *, file: str, needed: Sequence[str]) -> str | None:
    if len(cells) > len(columns):
        return f"{len(cells)} cells, expected {len(columns)}: {', '.join(columns)}"
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    named = _name_cells(cells, columns)
    if file and not listed_path(named[file]).name:
        return f"no {file}"
    return next((f"no {name}" for name in needed if not named[name]), None)
