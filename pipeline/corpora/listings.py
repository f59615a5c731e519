"""Delimiter-separated listings: one row an utterance, columns by name."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.corpora.corpus import malformed
from pipeline.corpora.files import Relative, listed_path
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.record import AudioSource, Dropped, Utterance


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


MAX_JSON_BYTES = 128 * 2**20


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: It is not JSON, or is larger than any listing that is known.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ValueError(f"over {MAX_JSON_BYTES} bytes")
        return parse_json(path.read_bytes())
    except OSError as error:
        raise ValueError(str(error.strerror)) from error


def parse_json(content: bytes) -> Any:
    """Content of JSON text. Raises ValueError when it is none."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text_of(record: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that is a text or a whole number and not blank, stripped."""
    for name in names:
        value = record.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return encodable(value.strip())
    return None


def encodable(text: str) -> str:
    r"""`text` without lone surrogates, which JSON can spell ("\ud800") and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def seconds_of(value: object) -> float | None:
    """A time in seconds (a number, or a text that is one); None when it is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which of an entry's values says what, by name; "" where none does."""

    audio: str
    text: str
    id: str = ""
    speaker: str = ""
    split: str = ""
    offset: str = ""
    duration: str = ""


_NAMES = {
    "audio": ("path", "audio", "wav", "audio_filepath", "file", "file_name"),
    "text": ("text", "sentence", "transcript", "transcription"),
    "id": ("id", "utt_id"),
    "speaker": ("speaker", "speaker_id", "client_id"),
    "split": ("split",),
    "offset": ("offset", "start"),
    "duration": ("duration",),
}
AUDIO_NAMES, TEXT_NAMES = _NAMES["audio"], _NAMES["text"]


def name_columns(names: Iterable[str]) -> Columns | None:
    """Which of `names` says what, capitals or not; None unless there are a recording's and a text's."""
    by_name = {name.lower(): name for name in reversed(list(names))}
    chosen = {
        role: next((by_name[known] for known in knowns if known in by_name), "")
        for role, knowns in _NAMES.items()
    }
    return Columns(**chosen) if chosen["audio"] and chosen["text"] else None


def make_utterance(
    entry: Mapping[str, str],
    columns: Columns,
    *,
    corpus: str,
    files: Relative,
    split: str | None,
) -> Utterance | str:
    """The utterance of an entry, or what is wrong with it.

    Args:
        entry: Values by name; absent and blank are the same.
        columns: Which value says what.
        corpus: First part of the id and of the speaker.
        files: Where relative paths begin.
        split: The split of the whole list; the entry's own goes before it.
    """
    values = {name: entry.get(column, "") for name, column in _pairs(columns)}
    listed = values["audio"]
    if not listed_path(listed).name:
        return f"no {columns.audio}"
    span = _span(values["offset"], values["duration"])
    if isinstance(span, str):
        return span
    if values["split"]:
        split = split_hint(values["split"])
        if split is None:
            return f"split {values['split']!r} is none of train, valid, test"
    speaker = values["speaker"]
    name = values["id"] or _name(listed, start=span[0] if values["offset"] else None)
    return Utterance(
        utterance_id(corpus, *([speaker] if speaker else []), name),
        speaker=speaker_id(corpus, speaker) if speaker else None,
        audio=AudioSource(files.resolve(listed), *span),
        transcript=entry.get(columns.text),
        split=split,
    )


def _pairs(columns: Columns) -> list[tuple[str, str]]:
    return [(name, getattr(columns, name)) for name in columns.__slots__]


def _span(offset: str, duration: str) -> tuple[float, float | None] | str:
    """(start, length) in seconds: a duration alone is a fact about the file, not a cut."""
    if not offset:
        return 0.0, None
    start, length = seconds_of(offset), seconds_of(duration) if duration else None
    if start is None or start < 0 or (duration and (length is None or length <= 0)):
        return f"no segment: offset {offset!r}, duration {duration!r}"
    return start, length


def _name(listed: str, *, start: float | None) -> str:
    path = listed_path(listed)
    parts = [part for part in path.with_suffix("").parts if part not in ("/", "//", "..")]
    name = "/".join(parts)
    return name if start is None else f"{name}@{start:.3f}"
