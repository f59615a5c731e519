"""How the rows' figures are spread."""

from dataclasses import dataclass

import numpy as np

from pipeline.report.charts import count_values, draw_histogram
from pipeline.report.layout import section
from pipeline.report.markup import Markup, tag
from pipeline.report.survey import Figures, Survey
from pipeline.report.suspicion import CLIPPED_PEAK, FASTEST, LOW_LEVEL_DB, SLOWEST
from pipeline.report.words import number, share


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
