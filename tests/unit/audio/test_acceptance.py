import numpy as np
import pytest

from pipeline.audio.clip import check_recording, check_stored
from pipeline.audio.settings import AcceptanceSettings
from pipeline.contract.reasons import Reason
from pipeline.record import Recording, SourceSpan

SETTINGS = AcceptanceSettings()


def check(wave, rate_hz=16_000):
    wave = np.asarray(wave, np.float32)
    source = SourceSpan(rate_hz, offset=0, length=len(wave), sha256="")
    return check_recording(Recording(wave, source), settings=SETTINGS)


def test_speech_is_kept(murmur):
    assert check(murmur(1.0)) is None


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        ([], Reason.EMPTY_AUDIO),
        (np.zeros(16_000), Reason.SILENT_AUDIO),
        (np.full(16_000, 0.25), Reason.SILENT_AUDIO),
        ([0.1, np.nan] * 8_000, Reason.NOT_FINITE_AUDIO),
        ([0.1, np.inf] * 8_000, Reason.NOT_FINITE_AUDIO),
        ([0.1, -np.inf] * 8_000, Reason.NOT_FINITE_AUDIO),
        (np.full(16_000, np.nan), Reason.NOT_FINITE_AUDIO),
        ([np.inf, -np.inf] * 8_000, Reason.NOT_FINITE_AUDIO),
        ([0.1, -0.1] * 799, Reason.TOO_SHORT_AUDIO),
    ],
)
def test_what_is_not_worth_keeping(wave, reason):
    assert check(wave).reason == reason


def test_finite_samples_of_any_size_are_finite():
    assert check(np.array([3e38, -3e38] * 8_000)) is None


def test_the_shortest_length_is_in_seconds_of_the_recording():
    assert check([0.1, -0.1] * 800) is None
    assert check([0.1, -0.1] * 800, rate_hz=48_000).detail == "0.033 s; 0.1 s are the least"


def test_the_longest_length():
    wave = np.full(30 * 16_000, 0.1, np.float32)
    assert check_stored(wave, recorded=len(wave), settings=SETTINGS) is None
    found = check_stored(np.zeros(30 * 16_000 + 1, np.float32), recorded=40 * 16_000, settings=SETTINGS)
    assert found.reason == Reason.TOO_LONG_AUDIO
    assert found.detail == "30.000 s without long pauses (40.000 s recorded); 30 s are the most"
