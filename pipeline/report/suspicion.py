"""Rows that are probably wrong, worst first."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.report.figures import Figures, Survey
from pipeline.report.labels_ko import number

SLOWEST, FASTEST = 4.0, 20.0
"""Phones a second. The middle 98 % of real utterances: 3.7 to 15.1 (40 of KsponSpeech), 4.9 to
20.7 (252 of Pansori-TEDxKR). What lies beyond has, as a rule, words that were not spoken, or
speech that was not written down."""

CLIPPED_PEAK = 0.999
"""The largest 16-bit sample is 0.99997; resampling before the shard was made moves it a little."""

LOW_LEVEL_DB = -40.0
"""dBFS of speech; the quietest of 40 utterances of KsponSpeech is at -40.3."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing that may be wrong with rows.

    Attributes:
        figure: The figure of the survey that shows it.
        rows: Positions of the rows, worst first.
    """

    figure: str
    title: str
    explanation: str
    rows: npt.NDArray[np.int64]


def find_suspicions(survey: Survey) -> list[Suspicion]:
    """What may be wrong, in the order of the page; a NaN is nowhere suspicious but as such."""
    return [
        _suspicion(
            survey, "phones_per_second", lambda rate: rate > FASTEST, worst=np.negative,
            title="너무 빠른 발화",
            explanation=f"초당 음소가 {FASTEST:g}개를 넘습니다."
            " 글에 말하지 않은 낱말이 있거나 소리가 잘렸을 수 있습니다.",
        ),
        _suspicion(
            survey, "phones_per_second", lambda rate: rate < SLOWEST, worst=np.positive,
            title="너무 느린 발화",
            explanation=f"초당 음소가 {SLOWEST:g}개에 못 미칩니다."
            " 글에서 빠진 말이 있거나 침묵이 길 수 있습니다.",
        ),
        _suspicion(
            survey, "peak", lambda peak: peak >= CLIPPED_PEAK, worst=np.negative,
            title="소리가 깨진 발화",
            explanation="처리 전 녹음의 가장 큰 표본이 최댓값에 닿습니다."
            " 파형이 잘려 찌그러졌을 수 있습니다.",
        ),
        _suspicion(
            survey, "speech_level_db", lambda level: level < LOW_LEVEL_DB, worst=np.positive,
            title="소리가 작은 발화",
            explanation=f"말소리 크기가 {number(LOW_LEVEL_DB, digits=0)} dBFS에 못 미칩니다.",
        ),
    ]  # fmt: skip


def _suspicion(
    survey: Survey,
    figure: str,
    holds: Callable[[Figures], npt.NDArray[np.bool_]],
    *,
    worst: Callable[[Figures], Figures],
    title: str,
    explanation: str,
) -> Suspicion:
    values = survey.figures[figure]
    rows = np.flatnonzero(holds(values))
    order = np.argsort(worst(values[rows]), kind="stable")
    return Suspicion(figure, title, explanation, rows[order])


def rows_without_measurement(survey: Survey) -> int:
    """How many rows have a figure that is no finite number."""
    finite = [np.isfinite(values) for values in survey.figures.values()]
    return int(survey.num_rows - np.logical_and.reduce(finite).sum())
