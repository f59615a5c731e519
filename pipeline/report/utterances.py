"""The longest, the shortest and the most suspicious utterances, to be read and heard."""

from collections.abc import Callable

import numpy as np

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.report.figures import Survey
from pipeline.report.labels_ko import duration, number, split_name
from pipeline.report.listening import Utterance, flac_uri
from pipeline.report.markup import Markup, join, section, tag, value
from pipeline.report.suspicion import Suspicion

SHOWN = 6
HEARD_S = 10.0
"""Seconds of each that the page holds: about 200 kB."""

BADGES: dict[str, Callable[[float], str]] = {
    "duration_s": duration,
    "phones_per_second": lambda rate: f"초당 {rate:.1f}개",
    "peak": lambda peak: f"진폭 {peak:.3f}",
    "speech_level_db": lambda level: f"{number(level)} dBFS",
}

ReadUtterance = Callable[[int], Utterance]
"""The row at a position of the survey, with the first `HEARD_S` seconds of its sound."""


def show_extremes(survey: Survey, read: ReadUtterance) -> Markup:
    """The longest and the shortest utterances."""
    order = np.argsort(survey.figures["duration_s"], kind="stable")
    return section(
        "extremes",
        "가장 긴 발화와 짧은 발화",
        tag(
            "div",
            _list("가장 긴 발화", order[::-1][:SHOWN].tolist(), "duration_s", survey, read),
            _list("가장 짧은 발화", order[:SHOWN].tolist(), "duration_s", survey, read),
            class_="pair",
        ),
        note=f"소리는 처음 {HEARD_S:g}초까지 들을 수 있습니다.",
    )


def show_suspicions(suspicions: list[Suspicion], survey: Survey, read: ReadUtterance) -> Markup:
    """The worst utterances of each suspicion."""
    blocks = [
        _list(
            f"{suspicion.title} {suspicion.rows.size:,}개",
            suspicion.rows[:SHOWN].tolist(),
            suspicion.figure,
            survey,
            read,
            note=suspicion.explanation,
        )
        for suspicion in suspicions
    ]
    return section(
        "suspicious",
        "의심스러운 발화",
        tag("div", *blocks, class_="pair"),
        note=f"종류마다 가장 심한 것부터 {SHOWN}개까지 보입니다. 소리는 처리한 뒤의 것입니다.",
    )


def _list(
    title: str, rows: list[int], figure: str, survey: Survey, read: ReadUtterance, *, note: str = ""
) -> Markup:
    items = [_show(read(row), BADGES[figure](float(survey.figures[figure][row]))) for row in rows]
    content = tag("ol", *items, class_="utterances") if items else tag("p", "없습니다.", class_="meta")
    lead = [tag("p", note, class_="meta")] if note else []
    return tag("div", tag("h3", title), *lead, content)


def _show(utterance: Utterance, figure: str) -> Markup:
    row = utterance.row
    return tag(
        "li",
        tag("p", tag("b", figure, class_="badge"), " ", value(row["text"])),
        player(utterance, "처리 뒤"),
        tag("p", describe(utterance), class_="meta"),
    )


def player(utterance: Utterance, what: str) -> Markup:
    """A player of the sound that the page holds of an utterance."""
    return audio(flac_uri(utterance.wave), label=f"{what}: {utterance.row['id']}")


def audio(uri: str, *, label: str) -> Markup:
    """A player that neither plays nor loads by itself."""
    return tag("audio", controls="", preload="none", src=uri, aria_label=label)


def describe(utterance: Utterance) -> Markup:
    """Which utterance it is."""
    length = duration(utterance.row["num_samples"] / SAMPLE_RATE_HZ)
    parts = [value(utterance.row["id"], class_="id"), value(split_name(utterance.split)), length]
    return join(parts, " · ")
