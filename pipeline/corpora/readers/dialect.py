"""AI Hub's dialect speech: 118 Gangwon, 119 Gyeongsang, 120 Jeolla, 121 Jeju, 122 Chungcheong.

Provenance: AI Hub data sets 118 to 122 (한국어 방언 발화). Licence: AI Hub's terms of use.

Layout: a session is one long recording and one JSON with the same stem, in parallel trees
(`라벨링데이터`/`원천데이터`, each under Training and Validation); they are matched by name. The
JSON is UTF-8, sometimes with a byte order mark; each entry of `utterance[]` has `id`,
`standard_form`, `dialect_form`, `speaker_id`, and `start` and `end` in seconds. The dialect form
is what was said; the standard form becomes the spelling.

Speaker ids of one or two digits are unique within a session, longer ones within a product (the
letters at the start of the session's name). Short ids do not show when the same person speaks
in several sessions (unverified). Utterances that overlap another are dropped, because two
voices are heard and only one is written down. A recording without a JSON is listed without a
transcript. Product 71517 has another schema and is not read.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.contract.reasons import Reason, Stage
from pipeline.corpora.contents import (
    AUDIO_EXTENSIONS,
    FolderContents,
    glance,
    read_head,
    split_extension,
    walk_folders,
)
from pipeline.corpora.corpus import Corpus, Listed, malformed_line
from pipeline.corpora.listings import read_json, seconds_of, text_of
from pipeline.corpora.naming import readable, speaker_id, split_of_folders, utterance_id
from pipeline.record import Annotation, AudioSource, Dropped, Utterance, two_forms

TOLERATED_OVERLAP_S = 0.1
"""About one phone: boundaries set by ear are no more exact than that."""

MOST_NEIGHBOURS = 3
"""A segment that overlaps more of the following ones than this has a wrong end; only it is dropped."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording, in seconds."""

    start_s: float
    end_s: float


def find_overlapping(segments: Sequence[Segment]) -> set[int]:
    """Indices of the segments that overlap another by more than `TOLERATED_OVERLAP_S`.

    A segment that covers more than `MOST_NEIGHBOURS` others counts as overlapping; the others
    are judged as if it were not there.
    """
    order = sorted(range(len(segments)), key=lambda index: (segments[index].start_s, segments[index].end_s))
    starts = [segments[index].start_s for index in order]
    overlapping: set[int] = set()
    latest: int | None = None  # the segment seen so far that ends last
    for position, index in enumerate(order):
        segment = segments[index]
        reached = bisect_left(starts, segment.end_s - TOLERATED_OVERLAP_S, lo=position + 1)
        if reached - position - 1 > MOST_NEIGHBOURS:
            overlapping.add(index)
            continue
        if latest is not None and _overlap_s(segments[latest], segment) > TOLERATED_OVERLAP_S:
            overlapping.update((latest, index))
        if latest is None or segment.end_s > segments[latest].end_s:
            latest = index
    return overlapping


def _overlap_s(one: Segment, other: Segment) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


_LOCAL_SPEAKER = re.compile(r"\d{1,2}")
_PRODUCT = re.compile(r"[A-Za-z]*")


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the sessions by name, and the utterances of each in their order."""
    labels, recordings = _find_files(root)
    for stem in sorted(labels.keys() | recordings.keys()):
        label, audio = labels.get(stem), recordings.get(stem)
        if label is not None:
            yield from _read_session(label, audio or label.with_suffix(".wav"), root=root, corpus=corpus)
        elif audio is not None:
            yield Utterance(utterance_id(corpus, stem), None, AudioSource(audio), transcript=None)


def _find_files(root: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    labels: dict[str, Path] = {}
    recordings: dict[str, Path] = {}
    for folder in walk_folders(root):
        for name in folder.names:
            stem, extension = split_extension(name)
            kind = extension.lower()
            if kind == "json":
                labels.setdefault(readable(stem), folder.path / name)
            elif kind in AUDIO_EXTENSIONS:
                recordings.setdefault(readable(stem), folder.path / name)
    if not any(map(_is_session, labels.values())):
        raise InputRejected(
            f'{root} is not AI Hub dialect speech: looked for a .json session with an "utterance" list of'
            f' "dialect_form", found {glance(root).describe()}'
        )
    return labels, recordings


def _is_session(path: Path) -> bool:
    head = read_head(path)
    return head.startswith("{") and '"utterance"' in head and '"dialect_form"' in head


def _read_session(label: Path, audio: Path, *, root: Path, corpus: str) -> Iterator[Listed]:
    try:
        session = read_json(label)
        entries = session["utterance"]
    except (ValueError, KeyError, TypeError) as error:
        yield malformed_line(corpus, label, root=root, line=1, problem=f"no JSON session: {error!r}")
        return
    found: list[tuple[dict[str, Any], Segment]] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], start=1):
        segment = _read_segment(entry) if isinstance(entry, dict) else None
        if segment is None or text_of(entry, "id") is None:
            yield malformed_line(
                corpus, label, root=root, line=number, problem="expected an id and a start before the end"
            )
        else:
            found.append((entry, segment))
    overlapping = find_overlapping([segment for _, segment in found])
    split = split_of_folders(label.parent.relative_to(root))
    for index, (entry, segment) in enumerate(found):
        utterance = _utterance(
            entry, segment, session=readable(label.stem), corpus=corpus, audio=audio, split=split
        )
        if index in overlapping:
            when = f"{segment.start_s:.2f} to {segment.end_s:.2f} s"
            detail = f"{when} of {readable(audio.name)} overlaps another utterance"
            yield Dropped(utterance.id, Stage.CORPUS, Reason.OVERLAPPING_SPEECH, detail)
        else:
            yield utterance


def _read_segment(entry: dict[str, Any]) -> Segment | None:
    start, end = seconds_of(entry.get("start")), seconds_of(entry.get("end"))
    if start is None or end is None or not 0 <= start < end:
        return None
    return Segment(start, end)


def _utterance(
    entry: dict[str, Any], segment: Segment, *, session: str, corpus: str, audio: Path, split: str | None
) -> Utterance:
    speaker = _speaker(text_of(entry, "speaker_id"), session=session)
    name = text_of(entry, "id") or ""
    if not name.startswith(session):
        name = f"{session}.{name}"
    dialect, standard = text_of(entry, "dialect_form"), text_of(entry, "standard_form")
    return Utterance(
        utterance_id(corpus, *([speaker] if speaker else []), name),
        speaker=speaker_id(corpus, speaker) if speaker else None,
        audio=AudioSource(audio, segment.start_s, round(segment.end_s - segment.start_s, 6)),
        transcript=two_forms(spelling=standard or dialect, spoken=dialect) if dialect else None,
        split=split,
    )


def _speaker(speaker: str | None, *, session: str) -> str | None:
    if speaker is None:
        return None
    product = _PRODUCT.match(session)
    scope = session if _LOCAL_SPEAKER.fullmatch(speaker) else product and product[0]
    return f"{scope}-{speaker}" if scope else speaker


def detect(contents: FolderContents) -> str | None:
    """A .json with "utterance" and "dialect_form"."""
    for path in contents.files("json"):
        if _is_session(path):
            return f'{contents.relative(path)} with "utterance" and "dialect_form"'
    return None


DIALECT = Corpus(
    CorpusRecord(name="dialect", title="AI Hub dialect speech (118 to 122)", licence="AI Hub terms of use"),
    Annotation.AIHUB_DIALECT,
    "a long .wav per session and a .json of the same name with utterances and their times",
    list_utterances,
    detect,
)
