import numpy as np
import pytest

from pipeline.audio.levels import loud_frames
from pipeline.audio.settings import SilenceSettings
from pipeline.audio.silence import collapse_silence, silent_runs, speech_frames

RATE_HZ = 16_000
SETTINGS = SilenceSettings()


def hush(seconds, *, level_db=-75.0, seed=9):
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return (10 ** (level_db / 20) * noise).astype(np.float32)


def test_a_long_pause_is_cut_to_one_second(murmur):
    speech = murmur(3.0)
    wave = np.concatenate([speech, hush(5.0), speech])
    collapsed = collapse_silence(wave, settings=SETTINGS)
    (start, left), (right, end) = collapsed.spans
    assert (start, end) == (0, len(wave))
    assert left - len(speech) == pytest.approx(8_000, abs=1_500)  # the detector's hang-over
    assert len(speech) + 5 * RATE_HZ - right == pytest.approx(8_000, abs=1_500)
    np.testing.assert_array_equal(collapsed.wave[: 3 * RATE_HZ], speech)
    np.testing.assert_array_equal(collapsed.wave[-3 * RATE_HZ :], speech)


def test_a_pause_of_three_seconds_is_left_alone(murmur):
    wave = np.concatenate([murmur(2.0), hush(2.9), murmur(2.0)])
    collapsed = collapse_silence(wave, settings=SETTINGS)
    assert collapsed.wave is wave
    assert collapsed.spans == ((0, len(wave)),)


def test_pauses_at_both_ends(murmur):
    wave = np.concatenate([hush(4.0), murmur(2.0), hush(6.0)])
    collapsed = collapse_silence(wave, settings=SETTINGS)
    assert len(collapsed.spans) == 3
    assert len(collapsed.wave) == pytest.approx(4 * RATE_HZ, abs=3_000)


@pytest.mark.parametrize("samples", [5 * RATE_HZ, 5 * RATE_HZ + 1, 3 * RATE_HZ + 1])
def test_nothing_but_silence_becomes_one_second(samples):
    collapsed = collapse_silence(np.zeros(samples, np.float32), settings=SETTINGS)
    assert collapsed.wave.shape == (RATE_HZ,)


@pytest.mark.parametrize("samples", [0, 1, 479, 480, 481, 3 * RATE_HZ])
def test_a_short_clip_is_not_even_looked_at(samples):
    wave = np.zeros(samples, np.float32)
    assert collapse_silence(wave, settings=SETTINGS).wave is wave


def test_switched_off(murmur):
    wave = np.zeros(10 * RATE_HZ, np.float32)
    assert collapse_silence(wave, settings=SilenceSettings(enabled=False)).wave is wave


def test_the_cross_fade_leaves_no_click():
    times = np.arange(6 * RATE_HZ) / RATE_HZ
    wave = (1e-3 * np.sin(2 * np.pi * 61.7 * times)).astype(np.float32)
    collapsed = collapse_silence(wave, settings=SETTINGS)
    assert len(collapsed.wave) == RATE_HZ
    assert np.abs(np.diff(collapsed.wave)).max() < 2.5 * np.abs(np.diff(wave)).max()
    joined = collapse_silence(wave, settings=SilenceSettings(cross_fade_ms=0.0))
    assert np.abs(joined.wave - collapsed.wave)[:7_920].max() == 0
    assert np.abs(joined.wave - collapsed.wave)[8_080:].max() == 0


def test_the_energy_gate_confirms_what_the_detector_says(murmur):
    wave = np.concatenate([murmur(2.0), hush(5.0, level_db=-60), murmur(2.0)])
    speech = speech_frames(wave, settings=SETTINGS)
    alone = speech_frames(wave, settings=SilenceSettings(gate_db=200.0))
    pause = slice(2 * RATE_HZ // 480 + 2, 7 * RATE_HZ // 480 - 1)
    assert alone[pause].sum() > 20  # a noise onset is speech to webrtcvad, for a while
    assert not speech[pause].any()


def test_an_offset_hides_no_pause(murmur):
    wave = np.concatenate([murmur(2.0), hush(5.0), murmur(2.0)])
    shifted = collapse_silence(wave + np.float32(0.2), settings=SETTINGS)
    assert len(shifted.spans) == 2


def test_clips_do_not_depend_on_the_ones_before(murmur):
    wave = np.concatenate([murmur(2.0), hush(4.0), murmur(1.0)])
    first = speech_frames(wave, settings=SETTINGS)
    speech_frames(murmur(5.0, seed=3), settings=SETTINGS)
    np.testing.assert_array_equal(speech_frames(wave, settings=SETTINGS), first)


def test_runs_cover_the_last_partial_frame():
    assert silent_runs(np.array([False, True, False]), length=1_000) == [(0, 480), (960, 1_000)]
    assert silent_runs(np.array([True, True]), length=960) == []
    assert silent_runs(np.array([False, False]), length=700) == [(0, 700)]


def test_loud_frames_of_silence():
    assert not loud_frames(np.zeros(5, np.float32), gate_db=25.0).any()
