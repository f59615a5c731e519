"""Who speaks how much."""

import numpy as np

from pipeline.report.charts import count_values, draw_histogram
from pipeline.report.layout import section, table
from pipeline.report.markup import Markup, join, tag, value
from pipeline.report.survey import Speaker, Survey
from pipeline.report.words import duration, share, split_name

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
