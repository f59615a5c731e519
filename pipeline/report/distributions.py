"""How the rows' figures, their phones and characters, and their speakers are distributed."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.report.charts import count_values, draw_bar, draw_histogram
from pipeline.report.figures import Figure, RowFigures, Speaker
from pipeline.report.labels_ko import format_duration, format_number, format_percent, split_label
from pipeline.report.markup import Markup, join, section, table, tag, value
from pipeline.report.suspicion import CLIPPED_PEAK, FASTEST, LOW_LEVEL_DB, SLOWEST

MAX_SYLLABLES = 60
MAX_OTHERS = 60
SYLLABLES = range(0xAC00, 0xD7A4)

SPEAKERS_A_TABLE = 12
ENOUGH_FOR_A_CHART = 8
"""Fewer speakers than this are not drawn as a histogram."""


@dataclass(frozen=True, slots=True)
class _Chart:
    figure: str
    title: str
    unit: str
    bin_width: float
    digits: int = 1
    limits: tuple[float, ...] = ()


_CHARTS = (
    _Chart("duration_s", "길이 (처리 뒤)", "초", 0.1),
    _Chart("speech_level_db", "말소리 크기 (처리 전)", "dBFS", 0.5, limits=(LOW_LEVEL_DB,)),
    _Chart("noise_floor_db", "배경 소음 (처리 전)", "dBFS", 0.5),
    _Chart("phones_per_second", "초당 음소", "개/초", 0.2, limits=(SLOWEST, FASTEST)),
    _Chart("peak", "최대 진폭 (처리 전)", "최댓값 1", 0.01, digits=2, limits=(CLIPPED_PEAK,)),
)
_REMOVED_SILENCE = _Chart("silence_removed_s", "줄인 침묵 (줄인 발화만)", "초", 0.1)


def show_distributions(figures: RowFigures) -> Markup:
    """A histogram of each figure."""
    charts = [_draw(chart, figures.by_name[chart.figure]) for chart in _CHARTS]
    charts.append(_draw_removed_silence(figures.by_name["silence_removed_s"]))
    note = "세로축은 발화 수입니다. 점선은 의심스러운 발화를 가르는 값입니다."
    return section("distributions", "분포", tag("div", *charts, class_="charts"), note=note)


def _draw_removed_silence(values: Figure) -> Markup:
    """The histogram leaves out utterances without a long pause, which are most of them."""
    removed = values[values > 0]
    lead = f"발화 {removed.size:,}개({format_percent(removed.size, values.size)})에서 줄였습니다."
    return _draw(_REMOVED_SILENCE, removed, lead=lead if removed.size else "침묵을 줄인 발화가 없습니다.")


def _draw(chart: _Chart, values: Figure, *, lead: str = "") -> Markup:
    finite = values[np.isfinite(values)]
    title = tag("figcaption", tag("b", chart.title), f" · {chart.unit}")
    if not finite.size:
        return tag("figure", title, tag("p", lead or "값이 없습니다.", class_="meta"))
    histogram = count_values(finite, narrowest=chart.bin_width)
    drawn = draw_histogram(histogram, unit=chart.unit, label=chart.title, limits=chart.limits)
    notes = [lead] if lead else []
    notes.append(_summarise(finite, digits=chart.digits))
    if histogram.has_tails:
        notes.append("양 끝 막대에는 그 너머의 값도 들어 있습니다.")
    return tag("figure", title, drawn, *(tag("p", note, class_="meta") for note in notes))


def _summarise(values: Figure, *, digits: int) -> str:
    """Median, middle 98 % and whole range."""
    low, one, half, most, high = (
        format_number(level, digits=digits) for level in np.percentile(values, [0, 1, 50, 99, 100]).tolist()
    )
    to = "\N{NO-BREAK SPACE}~\N{NO-BREAK SPACE}"
    return f"중앙값 {half} · 1–99% {one}{to}{most} · 전체 {low}{to}{high}"


def show_frequencies(figures: RowFigures) -> Markup:
    """Every phone by its count, the most frequent syllables, and characters that are no syllables."""
    phones = sorted(figures.phones.items(), key=lambda item: -item[1])
    syllables = {letter: count for letter, count in figures.characters.items() if ord(letter) in SYLLABLES}
    others = {
        letter: count
        for letter, count in figures.characters.items()
        if ord(letter) not in SYLLABLES and not letter.isspace()
    }
    return section(
        "frequencies",
        "음소와 글자",
        tag("h3", f"음소 {len(phones)}개"),
        _bars(phones, total=sum(figures.phones.values())),
        tag("h3", f"한글 음절 {len(syllables):,}가지"),
        tag("p", _rare_syllables(syllables), class_="meta"),
        _chips(Counter(syllables).most_common(MAX_SYLLABLES), more=len(syllables) - MAX_SYLLABLES),
        tag("h3", f"한글 음절이 아닌 글자 {len(others):,}가지"),
        _chips(Counter(others).most_common(MAX_OTHERS), more=len(others) - MAX_OTHERS),
        note="글자는 다듬은 전사(text)에서, 음소는 라벨에서 셌습니다. 빈칸은 세지 않았습니다.",
    )


def _rare_syllables(syllables: dict[str, int]) -> str:
    once = sum(count == 1 for count in syllables.values())
    return f"흔한 것부터 {MAX_SYLLABLES}가지까지 보입니다. 한 번만 나오는 음절은 {once:,}가지입니다."


def _bars(counts: Sequence[tuple[str, int]], *, total: int) -> Markup:
    most = max((count for _, count in counts), default=0)
    items = [
        tag(
            "li",
            value(name, class_="symbol"),
            draw_bar(count, most),
            tag("span", f"{count:,} · {format_percent(count, total)}", class_="figure"),
            class_=None if count else "none",
        )
        for name, count in counts
    ]
    return tag("ol", *items, class_="bars")


def _chips(counts: Sequence[tuple[str, int]], *, more: int) -> Markup:
    if not counts:
        return tag("p", "없습니다.")
    chips = [
        tag("li", value(_visible(letter), class_="symbol"), f" {count:,}", title=f"U+{ord(letter):04X}")
        for letter, count in counts
    ]
    rest = [tag("li", f"그 밖에 {more:,}가지")] if more > 0 else []
    return tag("ul", join([*chips, *rest]), class_="chips")


def _visible(letter: str) -> str:
    """The letter, or its code point if it cannot be seen by itself."""
    return f"U+{ord(letter):04X}" if unicodedata.category(letter)[0] in "CMZ" else letter


def show_speakers(figures: RowFigures) -> Markup:
    """How much each speaker said: a histogram, and the speakers who said most and least."""
    if not figures.speakers:
        return section("speakers", "화자", tag("p", "이 말뭉치는 화자를 밝히지 않습니다."))
    ranked = sorted(figures.speakers.items(), key=lambda item: (-item[1].amount.samples, item[0]))
    most = format_percent(ranked[0][1].amount.seconds, figures.seconds)
    note = f"{len(ranked):,}명. 가장 많이 말한 사람이 전체의 {most}입니다."
    if figures.num_unnamed:
        note += f" 화자를 알 수 없는 발화가 {figures.num_unnamed:,}개 더 있습니다."
    if len(ranked) <= 2 * SPEAKERS_A_TABLE:
        return section("speakers", "화자", _draw_speakers(figures), _rank(ranked, figures), note=note)
    return section(
        "speakers",
        "화자",
        _draw_speakers(figures),
        tag("h3", f"가장 많이 말한 {SPEAKERS_A_TABLE}명"),
        _rank(ranked[:SPEAKERS_A_TABLE], figures),
        tag("h3", f"가장 적게 말한 {SPEAKERS_A_TABLE}명"),
        _rank(ranked[-SPEAKERS_A_TABLE:], figures),
        note=note,
    )


def _draw_speakers(figures: RowFigures) -> Markup:
    if len(figures.speakers) < ENOUGH_FOR_A_CHART:
        return Markup()
    minutes = np.array([speaker.amount.seconds / 60 for speaker in figures.speakers.values()])
    title = tag("figcaption", tag("b", "화자마다 말한 길이"), " · 분")
    chart = draw_histogram(count_values(minutes), unit="분", label="화자마다 말한 길이")
    return tag("div", tag("figure", title, chart), class_="charts")


def _rank(ranked: list[tuple[str, Speaker]], figures: RowFigures) -> Markup:
    rows = [
        (
            value(name, class_="id"),
            f"{speaker.amount.utterances:,}",
            format_duration(speaker.amount.seconds),
            format_percent(speaker.amount.seconds, figures.seconds),
            join((value(split_label(split)) for split in sorted(speaker.splits)), ", "),
        )
        for name, speaker in ranked
    ]
    return table(["화자", "발화", "길이", "비율", "분할"], rows)
