import numpy as np
import pytest

from pipeline.audio.samples import mix_to_mono


def noise(level, *, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(4_000)).astype(np.float32)


def test_one_channel_is_not_copied():
    frames = noise(0.1)[:, np.newaxis]
    assert np.shares_memory(mix_to_mono(frames), frames)


@pytest.mark.parametrize("hiss", [0.0, 1e-5])
def test_a_dead_channel_does_not_halve_the_voice(hiss):
    voice = noise(0.1)
    for frames in ((voice, noise(hiss, seed=1)), (noise(hiss, seed=1), voice)):
        np.testing.assert_array_equal(mix_to_mono(np.stack(frames, axis=1)), voice)


def test_a_quieter_channel_still_counts():
    left, right = noise(0.1), noise(0.01, seed=1)
    np.testing.assert_allclose(mix_to_mono(np.stack([left, right], axis=1)), (left + right) / 2, atol=1e-7)


def test_silence_and_nan_pass_through():
    assert not mix_to_mono(np.zeros((10, 2), np.float32)).any()
    assert np.isnan(mix_to_mono(np.full((10, 2), np.nan, np.float32))).all()
    assert mix_to_mono(np.zeros((0, 2), np.float32)).shape == (0,)
