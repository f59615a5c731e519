import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.report.charts import count_values, draw_bar, draw_histogram, draw_waveform, round_step

LARGEST = float(np.finfo(np.float32).max)
FIGURES = arrays(np.float64, st.integers(1, 50), elements=st.floats(-LARGEST, LARGEST, width=32))


@given(FIGURES)
def test_every_value_is_in_one_bin(values):
    histogram = count_values(values)
    assert histogram.counts.sum() == values.size
    assert len(histogram.edges) == len(histogram.counts) + 1 <= 80
    assert (np.diff(histogram.edges) > 0).all()


@given(FIGURES)
def test_every_histogram_can_be_drawn(values):
    svg = draw_histogram(count_values(values), unit="초", label="길이", limits=[0.0])
    assert "nan" not in svg
    assert "inf" not in svg


@given(st.floats(1e-9, 1e9))
def test_steps_are_round_and_no_narrower_than_asked(width):
    step = round_step(width)
    assert width * (1 - 1e-6) <= step <= width * 2.5 * (1 + 1e-6)
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(mantissa - round_number) for round_number in (1, 2, 5, 10)) < 1e-6


def test_a_stray_value_does_not_flatten_the_rest_and_is_told():
    values = np.append(np.linspace(1, 5, 1_000), 500.0)
    histogram = count_values(values)
    assert histogram.has_tails
    assert histogram.edges[-1] < 6
    assert not count_values(np.linspace(1, 5, 100)).has_tails


def test_bins_are_not_narrower_than_asked():
    histogram = count_values(np.array([3.98, 4.01]), narrowest=0.1)
    assert np.diff(histogram.edges) == pytest.approx(0.1)


@pytest.mark.parametrize(("part", "whole", "width"), [(1, 4, "25"), (4, 4, "100"), (0, 0, "0")])
def test_a_bar_is_as_wide_as_its_part(part, whole, width):
    assert f'width="{width}" height="8" class="bar"' in draw_bar(part, whole)


def test_a_waveform_fills_its_height_at_the_loudest_sample():
    wave = np.zeros(4_000, np.float32)
    wave[1_000], wave[2_000] = 0.25, -0.25
    svg = draw_waveform(wave, loudest=0.25, removed=[(0.25, 0.5)])
    assert "L100 1L" in svg
    assert "L200 99L" in svg
    assert '<rect x="100" y="0" width="100" height="100" class="cut"/>' in svg


@pytest.mark.parametrize("samples", [1, 2, 399, 400, 401])
def test_a_short_waveform_has_a_column_a_sample(samples):
    svg = draw_waveform(np.zeros(samples, np.float32), loudest=0.0)
    assert f'viewBox="0 0 {min(samples, 400)} 100"' in svg
    assert "nan" not in svg
