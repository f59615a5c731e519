import numpy as np
import pytest

from pipeline.audio.levels import frame_powers, loud_frames, noise_floor_db, speech_level_db


def test_a_tone_at_minus_20_db_beside_a_floor_at_minus_60(murmur):
    draw = np.random.default_rng(0)
    tone = 10 ** (-20 / 20) * np.sqrt(2) * np.sin(2 * np.pi * 200 * np.arange(32_000) / 16_000)
    floor = 10 ** (-60 / 20) * draw.standard_normal(32_000)
    powers = frame_powers(np.concatenate([tone, floor]).astype(np.float32))
    assert speech_level_db(powers, gate_db=25.0) == pytest.approx(-20, abs=0.1)
    assert noise_floor_db(powers) == pytest.approx(-60, abs=1)
    assert loud_frames(powers, gate_db=25.0).sum() == pytest.approx(67, abs=1)


def test_an_offset_does_not_count_as_sound(murmur):
    wave = murmur(1.0)
    np.testing.assert_allclose(frame_powers(wave + np.float32(0.3)), frame_powers(wave), atol=1e-7)


def test_digital_silence_is_called_minus_120():
    powers = frame_powers(np.zeros(1_000, np.float32))
    assert powers.shape == (3,)
    assert noise_floor_db(powers) == speech_level_db(powers, gate_db=25.0) == -120


def test_a_last_frame_of_one_sample():
    assert frame_powers(np.ones(481, np.float32)).tolist() == [0.0, 0.0]
    assert frame_powers(np.array([0.5, -0.5], np.float32)).tolist() == [0.25]
