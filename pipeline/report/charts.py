"""Histograms, bars and waveforms as SVG, with colours from the page's style, light or dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.record import Waveform
from pipeline.report.markup import Markup, join, tag

WIDTH, HEIGHT = 360, 170
LEFT, RIGHT, TOP, BOTTOM = 40, 10, 8, 22
BINS = 32
TAIL_PERCENT = 0.5
MIN_RELATIVE_WIDTH = 1e-6  # of a bin, so that its two edges differ in double precision
WAVEFORM_COLUMNS = 400


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in bins of one width.

    Attributes:
        edges: Shape (B + 1,).
        counts: Shape (B,). The first and the last also count the values beyond them.
        has_tails: Whether there are such values.
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    has_tails: bool


def count_values(values: npt.NDArray[np.float64], *, narrowest: float = 0.0) -> Histogram:
    """Count finite values, shape (R,), R > 0, in about 32 bins of a round width.

    The bins leave out 0.5 % of the values at each end, so that a stray value does not flatten the rest.

    Args:
        narrowest: The least width of a bin. There are fewer bins if 32 would be narrower.
    """
    low, high = (float(edge) for edge in np.percentile(values, [TAIL_PERCENT, 100 - TAIL_PERCENT]))
    resolved = MIN_RELATIVE_WIDTH * max(abs(low), abs(high))
    step = round_step(max(narrowest, (high - low) / BINS, resolved))
    first, last = math.floor(low / step), math.floor(high / step) + 1
    edges = np.arange(first, last + 1).astype(np.float64) * step
    clipped = np.clip(values, edges[0], edges[-1])
    counts, _ = np.histogram(clipped, bins=edges)
    return Histogram(edges, counts, has_tails=bool(values.min() < edges[0] or values.max() > edges[-1]))


def round_step(width: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is at least `width`.

    >>> round_step(0.03)
    0.05
    """
    if width <= 0 or not math.isfinite(width):
        return 1.0
    power = float(10.0 ** math.floor(math.log10(width)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width * (1 - 1e-9))


def draw_histogram(histogram: Histogram, *, unit: str, label: str, limits: Sequence[float] = ()) -> Markup:
    """A histogram, with a dashed line at each of `limits`."""
    edges, counts = histogram.edges, histogram.counts
    tallest = max(1, int(counts.max()))
    scale = (WIDTH - LEFT - RIGHT) / float(edges[-1] - edges[0])

    def x(value: float) -> float:
        return LEFT + (value - float(edges[0])) * scale

    def y(count: float) -> float:
        return HEIGHT - BOTTOM - count / tallest * (HEIGHT - BOTTOM - TOP)

    bars = [
        tag(
            "rect", x=_px(x(left) + 0.5), y=_px(y(count)), width=_px(max(0.5, (right - left) * scale - 1)),
            height=_px(HEIGHT - BOTTOM - y(count)), class_="bar",
        )
        for left, right, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        if count
    ]  # fmt: skip
    grid = [_level(y(count), f"{count:,.0f}") for count in _ticks(0, tallest, most=3)]
    foot = [
        _foot(x(tick), f"{tick:g}".replace("-", "−"))
        for tick in _ticks(float(edges[0]), float(edges[-1]), most=6)
    ]
    marks = [
        tag("line", x1=_px(x(limit)), x2=_px(x(limit)), y1=TOP, y2=HEIGHT - BOTTOM, class_="limit")
        for limit in limits
        if edges[0] < limit < edges[-1]
    ]
    return _svg(join([*grid, *bars, *marks, *foot]), label=f"{label} ({unit})" if unit else label)


def _svg(content: Markup, *, label: str) -> Markup:
    return tag("svg", content, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=label, class_="chart")


def _level(y: float, text: str) -> Markup:
    return join(
        [
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_px(y), y2=_px(y), class_="grid"),
            tag("text", text, x=LEFT - 5, y=_px(y + 4), class_="tick", text_anchor="end"),
        ]
    )


def _foot(x: float, text: str) -> Markup:
    return tag("text", text, x=_px(x), y=HEIGHT - 7, class_="tick", text_anchor="middle")


def _ticks(low: float, high: float, *, most: int) -> list[float]:
    step = round_step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def draw_bar(part: float, whole: float) -> Markup:
    """A bar filled to `part` of `whole`; it takes the width of its container."""
    width = 100 * part / whole if whole else 0.0
    return tag(
        "svg",
        tag("rect", x=0, y=0, width=100, height=8, class_="track"),
        tag("rect", x=0, y=0, width=_px(width), height=8, class_="bar"),
        viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true", class_="share",
    )  # fmt: skip


def draw_waveform(
    wave: Waveform, *, loudest: float, removed: Sequence[tuple[float, float]] = (), width_percent: float = 100
) -> Markup:
    """The outline of a wave, shape (S,).

    Args:
        loudest: The magnitude that fills the height.
        removed: Spans to mark, as fractions of the length from 0 to 1.
        width_percent: The width, in percent of the container's.
    """
    columns = min(WAVEFORM_COLUMNS, len(wave))
    starts = np.linspace(0, len(wave), columns + 1).astype(int)[:-1]
    scale = 49 / max(loudest, 1e-6)
    highest = 50 - np.maximum.reduceat(wave, starts) * scale
    lowest = 50 - np.minimum.reduceat(wave, starts) * scale
    points = [*enumerate(highest.tolist()), *reversed(list(enumerate(lowest.tolist())))]
    outline = "L".join(f"{column} {_px(y)}" for column, y in points)
    marks = [
        tag("rect", x=_px(start * columns), y=0, width=_px((end - start) * columns), height=100, class_="cut")
        for start, end in removed
    ]
    return tag(
        "svg", *marks, tag("path", d=f"M{outline}Z", class_="wave"),
        viewBox=f"0 0 {columns} 100", preserveAspectRatio="none", aria_hidden="true", class_="waveform",
        width=f"{width_percent:.1f}%",
    )  # fmt: skip


def _px(value: float) -> str:
    """A length with as many digits as a screen can show."""
    return f"{value:.1f}".removesuffix(".0")
