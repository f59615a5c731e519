"""What listings say: JSON, and users' own lists.

In users' own lists (readers/table.py for .csv and .tsv, readers/nemo.py for JSON lines) the
columns may have various names: `Columns`.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import read_regular
from pipeline.corpora.contents import read_head
from pipeline.corpora.lines import MEND_OR_MOVE, find_encoding
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.paths import RelativePaths, listed_path
from pipeline.record import AudioSource, Utterance

MAX_JSON_BYTES = 32 * 2**20
"""Larger than any known listing; as Python objects, the worst of this size take under 1 GB."""


def read_json(path: Path) -> Any:
    """Read a JSON file in UTF-8, UTF-16 or UTF-32.

    Raises:
        ValueError: It is not a regular file, cannot be read, is not JSON, or is larger than
            `MAX_JSON_BYTES`.
    """
    try:
        content = read_regular(path, most_bytes=MAX_JSON_BYTES)
    except OSError as error:
        raise ValueError(str(error.strerror)) from error
    return parse_json(content.decode(find_encoding(content)))


def refuse_unless_other_json(path: Path, *, own: str, expected: str) -> None:
    """Refuse a .json beside a corpus' listings, unless it is JSON about something else.

    Args:
        path: A file that is not in the form of a listing.
        own: What only listings say.
        expected: What a listing is, for the message.

    Raises:
        InputRejected: It is not JSON, or it says `own`.
    """
    try:
        read_json(path)
    except ValueError as error:
        raise InputRejected(
            f"cannot read {path}: {error}; expected {expected}, or other JSON: {MEND_OR_MOVE}"
        ) from error
    if own in read_head(path):
        raise InputRejected(f"{path} says {own}, but is not what was expected, {expected}: {MEND_OR_MOVE}")


def parse_json(text: str) -> Any:
    """Parse JSON. Raises ValueError when it is not JSON."""
    try:
        return json.loads(text)
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
