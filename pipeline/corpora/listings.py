"""Reading listings: tables, JSON, and users' own lists.

Most corpora come with tables or JSON of a fixed form. In users' own lists (readers/table.py for
.csv and .tsv, readers/nemo.py for JSON lines) the columns may have various names: `Columns`.
"""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.corpora.corpus import malformed_line
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.paths import RelativePaths, listed_path
from pipeline.record import AudioSource, Dropped, Utterance

MAX_JSON_BYTES = 128 * 2**20
"""Larger than any known listing, small enough to be read at once."""


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row of a table.

    Attributes:
        line: The line that it ends on, counted from 1.
        cells: Stripped text by column; "" in the columns that a short row lacks.
    """

    line: int
    cells: dict[str, str]


def read_header(listing: Path, *, delimiter: str) -> tuple[str, ...]:
    """The cells of a table's first line; () when it cannot be read."""
    try:
        with listing.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            cells = next(csv.reader([lines.readline(2**16)], delimiter=delimiter), [])
    except (OSError, csv.Error):
        return ()
    return tuple(cell.strip() for cell in cells)


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

    Args:
        listing: UTF-8, with or without a byte order mark, or cp949 throughout (Korean Excel).
        root: The corpus' folder; a drop names the listing relative to it.
        corpus: The corpus' name.
        delimiter: The character between cells.
        quoted: Whether a cell may be quoted, and may then contain the delimiter.
        columns: Column names for a table without a header line.
        file: The column that names the recording. A row without it is dropped.
        needed: Other columns without which a row is dropped.
    """
    with listing.open(encoding=_encoding(listing), errors="surrogateescape", newline="") as lines:
        rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield malformed_line(corpus, listing, root=root, line=rows.line_num, problem=str(error))
                continue
            if columns is None:
                columns = [cell.strip() for cell in cells]
            elif any(cell.strip() for cell in cells):
                problem = _problem(cells, columns, file=file, needed=needed)
                if problem is None:
                    yield ListedRow(rows.line_num, _name_cells(cells, columns))
                else:
                    yield malformed_line(corpus, listing, root=root, line=rows.line_num, problem=problem)


def _encoding(listing: Path) -> str:
    """cp949 if the whole listing is cp949 and not UTF-8, else UTF-8: then only broken rows are lost."""
    return next(
        (encoding for encoding in ("utf-8-sig", "cp949") if _is_encoded_in(listing, encoding)), "utf-8-sig"
    )


def _is_encoded_in(listing: Path, encoding: str) -> bool:
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


def read_json(path: Path) -> Any:
    """Read a JSON file in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: It cannot be read, is not JSON, or is larger than `MAX_JSON_BYTES`.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ValueError(f"over {MAX_JSON_BYTES} bytes")
        return parse_json(path.read_bytes())
    except OSError as error:
        raise ValueError(str(error.strerror)) from error


def parse_json(content: bytes) -> Any:
    """Parse JSON in UTF-8. Raises ValueError when it is not JSON."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text_of(record: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that is a whole number or text that is not blank, stripped."""
    for name in names:
        value = record.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return encodable(value.strip())
    return None


def encodable(text: str) -> str:
    r"""`text` with "?" for lone surrogates, which JSON can spell ("\ud800") and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def seconds_of(value: object) -> float | None:
    """A finite time in seconds, from a number or from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


@dataclass(frozen=True, slots=True)
class Columns:
    """The name of each value in an entry of a list; "" for values that the list does not have."""

    audio: str
    text: str
    id: str = ""
    speaker: str = ""
    split: str = ""
    offset: str = ""
    duration: str = ""


_KNOWN_NAMES = {
    "audio": ("path", "audio", "wav", "audio_filepath", "file", "file_name"),
    "text": ("text", "sentence", "transcript", "transcription"),
    "id": ("id", "utt_id"),
    "speaker": ("speaker", "speaker_id", "client_id"),
    "split": ("split",),
    "offset": ("offset", "start"),
    "duration": ("duration",),
}
AUDIO_NAMES, TEXT_NAMES = _KNOWN_NAMES["audio"], _KNOWN_NAMES["text"]


def name_columns(names: Iterable[str]) -> Columns | None:
    """Find the known names among `names`, ignoring case; None unless both audio and text are there."""
    by_name = {name.lower(): name for name in reversed(list(names))}
    chosen = {
        role: next((by_name[known] for known in knowns if known in by_name), "")
        for role, knowns in _KNOWN_NAMES.items()
    }
    return Columns(**chosen) if chosen["audio"] and chosen["text"] else None


def make_utterance(
    entry: Mapping[str, str],
    columns: Columns,
    *,
    corpus: str,
    files: RelativePaths,
    split: str | None,
) -> Utterance | str:
    """Make the utterance that an entry describes.

    Args:
        entry: Values by name. A blank value counts as absent.
        columns: The name of each value.
        corpus: First part of the id and of the speaker.
        files: Resolves the paths of recordings.
        split: The split of the whole list; the entry's own takes precedence.

    Returns:
        The utterance, or the problem with the entry.
    """
    values = {role: _value(entry, getattr(columns, role)) for role in columns.__slots__}
    listed = values["audio"]
    if not listed_path(listed).name:
        return f"no {columns.audio}"
    segment = _read_segment(values["offset"], values["duration"])
    if isinstance(segment, str):
        return segment
    if values["split"]:
        split = split_hint(values["split"])
        if split is None:
            return f"split {values['split']!r} is none of train, valid, test"
    speaker = values["speaker"]
    name = values["id"] or _utterance_name(listed, start=segment[0] if values["offset"] else None)
    return Utterance(
        utterance_id(corpus, *([speaker] if speaker else []), name),
        speaker=speaker_id(corpus, speaker) if speaker else None,
        audio=AudioSource(files.resolve(listed), *segment),
        transcript=entry.get(columns.text),
        split=split,
    )


def _value(entry: Mapping[str, str], column: str) -> str:
    # A list without the column must not fall back to a column called "", such as the index that
    # pandas writes.
    return entry.get(column, "") if column else ""


def _read_segment(offset: str, duration: str) -> tuple[float, float | None] | str:
    """(start, length) in seconds, or the problem. Without an offset, the duration is just the file's."""
    if not offset:
        return 0.0, None
    start, length = seconds_of(offset), seconds_of(duration) if duration else None
    if start is None or start < 0 or (duration and (length is None or length <= 0)):
        return f"no segment: offset {offset!r}, duration {duration!r}"
    return start, length


def _utterance_name(listed: str, *, start: float | None) -> str:
    path = listed_path(listed)
    parts = [part for part in path.with_suffix("").parts if part not in ("/", "//", "..")]
    name = "/".join(parts)
    return name if start is None else f"{name}@{start:.3f}"
