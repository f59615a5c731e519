import numpy as np

from pipeline.audio.samples import to_pcm16


def test_rounds_to_the_nearest_and_saturates():
    wave = np.array([0.6, -0.6, 0.4, 40_000, -40_000], np.float32) / np.float32(32_768)
    assert to_pcm16(wave).tolist() == [1, -1, 0, 32_767, -32_768]


def test_the_input_is_left_alone():
    wave = np.array([0.25, 2.0], np.float32)
    to_pcm16(wave)
    assert wave.tolist() == [0.25, 2.0]
