"""How the rows' figures are spread."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.report.charts import count_values, draw_bar, draw_histogram
from pipeline.report.figures import Figures, Speaker, Survey
from pipeline.report.labels_ko import duration, number, share, split_name
from pipeline.report.markup import Markup, join, section, table, tag, value
from pipeline.report.suspicion import CLIPPED_PEAK, FASTEST, LOW_LEVEL_DB, SLOWEST


@dataclass(frozen=True, slots=True)
class _Shown:
    figure: str
    title: str
    unit: str
    bin_width: float
    digits: int = 1
    limits: tuple[float, ...] = ()


_SHOWN = (
    _Shown("duration_s", "길이 (처리 뒤)", "초", 0.1),
    _Shown("speech_level_db", "말소리 크기 (처리 전)", "dBFS", 0.5, limits=(LOW_LEVEL_DB,)),
    _Shown("noise_floor_db", "배경 소음 (처리 전)", "dBFS", 0.5),
    _Shown("phones_per_second", "초당 음소", "개/초", 0.2, limits=(SLOWEST, FASTEST)),
    _Shown("peak", "최대 진폭 (처리 전)", "최댓값 1", 0.01, digits=2, limits=(CLIPPED_PEAK,)),
)


def show_distributions(survey: Survey) -> Markup:
    """A histogram of each figure."""
    charts = [_show(shown, survey.figures[shown.figure]) for shown in _SHOWN]
    charts.append(_show_removed(survey.figures["silence_removed_s"]))
    note = "세로축은 발화 수입니다. 점선은 의심스러운 발화를 가르는 값입니다."
    return section("distributions", "분포", tag("div", *charts, class_="charts"), note=note)


def _show_removed(values: Figures) -> Markup:
    """Most utterances have no long pause: the histogram is of the others."""
    removed = values[values > 0]
    share_text = f"발화 {removed.size:,}개({share(removed.size, values.size)})에서 줄였습니다."
    if not removed.size:
        share_text = "침묵을 줄인 발화가 없습니다."
    return _show(
        _Shown("silence_removed_s", "줄인 침묵 (줄인 발화만)", "초", 0.1), removed, before=share_text
    )


def _show(shown: _Shown, values: Figures, *, before: str = "") -> Markup:
    finite = values[np.isfinite(values)]
    title = tag("figcaption", tag("b", shown.title), f" · {shown.unit}")
    if not finite.size:
        return tag("figure", title, tag("p", before or "값이 없습니다.", class_="meta"))
    histogram = count_values(finite, narrowest=shown.bin_width)
    chart = draw_histogram(histogram, unit=shown.unit, label=shown.title, limits=shown.limits)
    low, one, half, most, high = np.percentile(finite, [0, 1, 50, 99, 100]).tolist()

    def span(start: float, end: float) -> str:
        edges = [number(edge, digits=shown.digits) for edge in (start, end)]
        return "\N{NO-BREAK SPACE}~\N{NO-BREAK SPACE}".join(edges)

    middle = number(half, digits=shown.digits)
    summary = f"중앙값 {middle} · 1–99% {span(one, most)} · 전체 {span(low, high)}"
    tails = (
        [tag("p", "양 끝 막대에는 그 너머의 값도 들어 있습니다.", class_="meta")]
        if histogram.has_tails
        else []
    )
    lead = [tag("p", before, class_="meta")] if before else []
    return tag("figure", title, chart, *lead, tag("p", summary, class_="meta"), *tails)


MAX_SHOWN = 12
ENOUGH_FOR_A_CHART = 8


def show_speakers(survey: Survey) -> Markup:
    """How speech is shared out among the speakers, and those with the most and the least."""
    if not survey.speakers:
        return section("speakers", "화자", tag("p", "이 말뭉치는 화자를 밝히지 않습니다."))
    ranked = sorted(survey.speakers.items(), key=lambda item: (-item[1].samples, item[0]))
    most = share(ranked[0][1].seconds, survey.seconds)
    note = f"{len(ranked):,}명. 가장 많이 말한 사람이 전체의 {most}입니다."
    if survey.num_unnamed:
        note += f" 화자를 알 수 없는 발화가 {survey.num_unnamed:,}개 더 있습니다."
    if len(ranked) <= 2 * MAX_SHOWN:
        return section("speakers", "화자", _chart(survey), _table(ranked, survey), note=note)
    return section(
        "speakers",
        "화자",
        _chart(survey),
        tag("h3", f"가장 많이 말한 {MAX_SHOWN}명"),
        _table(ranked[:MAX_SHOWN], survey),
        tag("h3", f"가장 적게 말한 {MAX_SHOWN}명"),
        _table(ranked[-MAX_SHOWN:], survey),
        note=note,
    )


def _chart(survey: Survey) -> Markup:
    if len(survey.speakers) < ENOUGH_FOR_A_CHART:
        return Markup()
    minutes = np.array([speaker.seconds / 60 for speaker in survey.speakers.values()])
    title = tag("figcaption", tag("b", "화자마다 말한 길이"), " · 분")
    chart = draw_histogram(count_values(minutes), unit="분", label="화자마다 말한 길이")
    return tag("div", tag("figure", title, chart), class_="charts")


def _table(ranked: list[tuple[str, Speaker]], survey: Survey) -> Markup:
    rows = [
        (
            value(name, class_="id"),
            f"{speaker.utterances:,}",
            duration(speaker.seconds),
            share(speaker.seconds, survey.seconds),
            join((value(split_name(split)) for split in sorted(speaker.splits)), ", "),
        )
        for name, speaker in ranked
    ]
    return table(["화자", "발화", "길이", "비율", "분할"], rows)


MAX_SYLLABLES = 60
MAX_OTHERS = 60
SYLLABLES = range(0xAC00, 0xD7A4)


def show_frequencies(survey: Survey) -> Markup:
    """Phones by count, the commonest syllables, and every other character."""
    phones = sorted(survey.phones.items(), key=lambda item: -item[1])
    syllables = {letter: count for letter, count in survey.characters.items() if ord(letter) in SYLLABLES}
    others = {
        letter: count
        for letter, count in survey.characters.items()
        if ord(letter) not in SYLLABLES and not letter.isspace()
    }
    return section(
        "frequencies",
        "음소와 글자",
        tag("h3", f"음소 {len(phones)}개"),
        _bars(phones, total=sum(survey.phones.values())),
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
            tag("span", f"{count:,} · {share(count, total)}", class_="figure"),
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
    """A letter, or its code where it would not be seen by itself."""
    return f"U+{ord(letter):04X}" if unicodedata.category(letter)[0] in "CMZ" else letter
