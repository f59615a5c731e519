"""An entry of a list that anybody could have written: JSON lines, a table.

The id is the entry's own, or the recording's path below the list's folder without its
extension; a segment's begins where its start says (`talk@12.340`). Two such lists may name
`wavs/1.wav` both: give each its own name (`--corpus nemo:clinic`) before merging them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.corpora.jsons import seconds_of
from pipeline.corpora.naming import speaker_id, split_hint, utterance_id
from pipeline.corpora.resolving import Relative, listed_path
from pipeline.record import AudioSource, Utterance


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
