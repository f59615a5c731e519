import numpy as np
import pytest

from pipeline.audio.samples import resample


def tone(rate_hz, hz, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz).astype(np.float32)


def test_16_khz_is_left_alone():
    wave = tone(16_000, 440)
    assert resample(wave, rate_hz=16_000) is wave


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("hz", [100, 1_000, 3_000])
def test_a_tone_stays_the_same_tone(rate_hz, hz):
    resampled = resample(tone(rate_hz, hz), rate_hz=rate_hz)
    assert resampled.dtype == np.float32
    assert abs(len(resampled) - 16_000) <= 1
    inside = slice(1_000, 15_000)  # the ends see the filter's onset
    error = resampled[inside] - tone(16_000, hz)[inside]
    assert np.abs(error).max() < 1e-4


def test_what_lies_above_8_khz_is_removed():
    inside = slice(1_000, 15_000)
    assert np.abs(resample(tone(48_000, 9_500), rate_hz=48_000)[inside]).max() < 1e-4


def test_there_and_back():
    soxr = pytest.importorskip("soxr")
    wave = sum(tone(16_000, hz) for hz in (200, 1_100, 5_300)) / 4
    back = resample(soxr.resample(wave, 16_000, 48_000), rate_hz=48_000)
    error = (back - wave)[1_000:-1_000]
    assert 10 * np.log10(np.mean(wave**2) / np.mean(error**2)) > 80
