"""AI Hub's dialect speech: 118 Gangwon, 119 Gyeongsang, 120 Jeolla, 121 Jeju, 122 Chungcheong.

Provenance: AI Hub data sets 118 to 122 (한국어 방언 발화). Licence: AI Hub's terms of use.

Layout: one session is one long recording and one JSON of the same stem, in parallel trees
(`라벨링데이터`/`원천데이터`, Training and Validation), found by name. The JSON is UTF-8,
sometimes with a byte order mark; `utterance[]` holds `id`, `standard_form`, `dialect_form`,
`speaker_id`, `start` and `end` in seconds. What was said is the dialect form; the standard
form is kept as the spelling.

Speaker ids of one or two digits count within their session, longer ones within their product
(the letters a session's name begins with). That a person sits in several sessions cannot be
seen from the former (unverified). Utterances that overlap another one are dropped: two voices
are heard and one is written down. A recording without a JSON is listed without a transcript.
Product 71517 has another schema and is not read.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pipeline.contract.errors import InputRejected
from pipeline.contract.manifest import CorpusRecord
from pipeline.contract.reasons import Reason, Stage
from pipeline.corpora.contents import AUDIO, Survey, glance, read_head
from pipeline.corpora.corpus import Corpus, Listed, malformed
from pipeline.corpora.files import split_name, walk_folders
from pipeline.corpora.listings import read_json, seconds_of, text_of
from pipeline.corpora.naming import readable, speaker_id, split_of_folders, utterance_id
from pipeline.record import Annotation, AudioSource, Dropped, Utterance, two_forms

TOLERATED_OVERLAP_S = 0.1
"""About a phone: segment boundaries set by ear are no more exact than that."""

MOST_NEIGHBOURS = 3
"""A segment that reaches over more later ones than this has a wrong end; they are innocent."""


@dataclass(frozen=True, slots=True)
class Span:
    """A segment of a recording, in seconds."""

    start_s: float
    end_s: float


def find_overlapping(spans: Sequence[Span]) -> set[int]:
    """Indices of the spans that overlap another one by more than what is tolerated.

    A span that swallows a row of others is overlapping; they are judged without it.
    """
    order = sorted(range(len(spans)), key=lambda index: (spans[index].start_s, spans[index].end_s))
    starts = [spans[index].start_s for index in order]
    overlapping: set[int] = set()
    latest: int | None = None  # of the spans seen so far, the one that ends last
    for position, index in enumerate(order):
        span = spans[index]
        reached = bisect_left(starts, span.end_s - TOLERATED_OVERLAP_S, lo=position + 1)
        if reached - position - 1 > MOST_NEIGHBOURS:
            overlapping.add(index)
            continue
        if latest is not None and _overlap(spans[latest], span) > TOLERATED_OVERLAP_S:
            overlapping.update((latest, index))
        if latest is None or span.end_s > spans[latest].end_s:
            latest = index
    return overlapping


def _overlap(one: Span, other: Span) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


# What one entry of a session gives: its id, what it says, where it lies.
_Entry: TypeAlias = tuple[dict[str, Any], Span]

_LOCAL_SPEAKER = re.compile(r"\d{1,2}")
_PRODUCT = re.compile(r"[A-Za-z]*")


def list_utterances(root: Path, corpus: str) -> Iterator[Listed]:
    """List the sessions by name, the utterances of each in their order."""
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
            stem, extension = split_name(name)
            kind = extension.lower()
            if kind == "json":
                labels.setdefault(readable(stem), folder.path / name)
            elif kind in AUDIO:
                recordings.setdefault(readable(stem), folder.path / name)
    if not any(map(_is_session, labels.values())):
        raise InputRejected(
            f'{root} is not AI Hub dialect speech: looked for .json sessions with an "utterance" list of'
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
        yield malformed(corpus, label, root=root, line=1, problem=f"no JSON session: {error!r}")
        return
    found: list[_Entry] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], start=1):
        span = _span(entry) if isinstance(entry, dict) else None
        if span is None or text_of(entry, "id") is None:
            yield malformed(
                corpus, label, root=root, line=number, problem="expected an id and a start before the end"
            )
        else:
            found.append((entry, span))
    overlapping = find_overlapping([span for _, span in found])
    split = split_of_folders(label.parent.relative_to(root))
    for index, (entry, span) in enumerate(found):
        utterance = _utterance(
            entry, span, session=readable(label.stem), corpus=corpus, audio=audio, split=split
        )
        if index in overlapping:
            detail = f"{span.start_s:.2f} to {span.end_s:.2f} s of {audio.name} overlaps another utterance"
            yield Dropped(utterance.id, Stage.CORPUS, Reason.OVERLAPPING_SPEECH, detail)
        else:
            yield utterance


def _span(entry: dict[str, Any]) -> Span | None:
    start, end = seconds_of(entry.get("start")), seconds_of(entry.get("end"))
    if start is None or end is None or not 0 <= start < end:
        return None
    return Span(start, end)


def _utterance(
    entry: dict[str, Any], span: Span, *, session: str, corpus: str, audio: Path, split: str | None
) -> Utterance:
    speaker = _speaker(text_of(entry, "speaker_id"), session=session)
    name = text_of(entry, "id") or ""
    if not name.startswith(session):
        name = f"{session}.{name}"
    dialect, standard = text_of(entry, "dialect_form"), text_of(entry, "standard_form")
    return Utterance(
        utterance_id(corpus, *([speaker] if speaker else []), name),
        speaker=speaker_id(corpus, speaker) if speaker else None,
        audio=AudioSource(audio, span.start_s, round(span.end_s - span.start_s, 6)),
        transcript=two_forms(spelling=standard or dialect, spoken=dialect) if dialect else None,
        split=split,
    )


def _speaker(speaker: str | None, *, session: str) -> str | None:
    if speaker is None:
        return None
    product = _PRODUCT.match(session)
    scope = session if _LOCAL_SPEAKER.fullmatch(speaker) else product and product[0]
    return f"{scope}-{speaker}" if scope else speaker


def recognise(survey: Survey) -> str | None:
    """A .json with an "utterance" list of "dialect_form"."""
    for path in survey.files("json"):
        if _is_session(path):
            return f'{survey.relative(path)} with "utterance" and "dialect_form"'
    return None


DIALECT = Corpus(
    CorpusRecord(name="dialect", title="AI Hub dialect speech (118 to 122)", licence="AI Hub terms of use"),
    Annotation.AIHUB_DIALECT,
    "long .wav sessions and .json files of the same names, with utterances and their times",
    list_utterances,
    recognise,
)
