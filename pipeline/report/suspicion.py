"""Rows that are probably wrong, worst first."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.report.figures import Figure, RowFigures
from pipeline.report.labels_ko import format_number

SLOWEST, FASTEST = 4.0, 20.0
"""Phones a second. The middle 98 % of real utterances lie from 3.7 to 15.1 (40 of KsponSpeech) and
from 4.9 to 20.7 (252 of Pansori-TEDxKR). Beyond, the text usually has words that were not spoken,
or lacks some that were."""

CLIPPED_PEAK = 0.999
"""The largest 16-bit sample is 0.99997; resampling may have lowered it a little."""

LOW_LEVEL_DB = -40.0
"""dBFS of speech. The quietest of 40 utterances of KsponSpeech is at -40.3."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that is probably wrong with some rows.

    Attributes:
        figure: The name of the figure in `RowFigures.by_name` that shows it.
        title: What is wrong, in Korean.
        explanation: How it was found and what may have caused it, in Korean.
        rows: Positions of the rows, worst first.
    """

    figure: str
    title: str
    explanation: str
    rows: npt.NDArray[np.int64]


def find_suspicions(figures: RowFigures) -> list[Suspicion]:
    """What is probably wrong with the rows, in the order of the page.

    A NaN is never suspicious: `rows_without_measurement` counts those rows.
    """
    return [
        _suspicion(
            figures, "phones_per_second", lambda rate: rate > FASTEST, worst=np.negative,
            title="너무 빠른 발화",
            explanation=f"초당 음소가 {FASTEST:g}개를 넘습니다."
            " 글에 말하지 않은 낱말이 있거나 소리가 잘렸을 수 있습니다.",
        ),
        _suspicion(
            figures, "phones_per_second", lambda rate: rate < SLOWEST, worst=np.positive,
            title="너무 느린 발화",
            explanation=f"초당 음소가 {SLOWEST:g}개에 못 미칩니다."
            " 글에서 빠진 말이 있거나 침묵이 길 수 있습니다.",
        ),
        _suspicion(
            figures, "peak", lambda peak: peak >= CLIPPED_PEAK, worst=np.negative,
            title="소리가 깨진 발화",
            explanation="처리 전 녹음의 가장 큰 표본이 최댓값에 닿습니다."
            " 파형이 잘려 찌그러졌을 수 있습니다.",
        ),
        _suspicion(
            figures, "speech_level_db", lambda level: level < LOW_LEVEL_DB, worst=np.positive,
            title="소리가 작은 발화",
            explanation=f"말소리 크기가 {format_number(LOW_LEVEL_DB, digits=0)} dBFS에 못 미칩니다.",
        ),
    ]  # fmt: skip


def _suspicion(
    figures: RowFigures,
    name: str,
    holds: Callable[[Figure], npt.NDArray[np.bool_]],
    *,
    worst: Callable[[Figure], Figure],
    title: str,
    explanation: str,
) -> Suspicion:
    """The rows for which `holds`; `worst` turns the figure into one that is lowest where it is worst."""
    values = figures.by_name[name]
    rows = np.flatnonzero(holds(values))
    order = np.argsort(worst(values[rows]), kind="stable")
    return Suspicion(name, title, explanation, rows[order])


def rows_without_measurement(figures: RowFigures) -> int:
    """How many rows have at least one figure that is NaN or infinite."""
    finite = [np.isfinite(values) for values in figures.by_name.values()]
    return int(figures.num_rows - np.logical_and.reduce(finite).sum())
