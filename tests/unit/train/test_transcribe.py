import numpy as np
import pytest
import soundfile

from pipeline.contract.errors import InputRejected
from train.transcribe import read_audio


def sine(rate_hz, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_every_rate_becomes_sixteen_thousand(tmp_path, rate_hz):
    path = tmp_path / "sine.wav"
    soundfile.write(path, sine(rate_hz), rate_hz, subtype="FLOAT")
    samples = read_audio(path)
    assert samples.dtype == np.int16
    assert abs(len(samples) - 8_000) <= 1
    inner = samples[500:7_500] / 32_767
    np.testing.assert_allclose(inner, sine(16_000)[500:7_500], atol=0.01)


def test_loud_float_audio_is_clipped_not_wrapped(tmp_path):
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([2.0, -2.0, 0.0]), 16_000, subtype="FLOAT")
    assert read_audio(path).tolist() == [32_767, -32_768, 0]


@pytest.mark.parametrize(
    ("samples", "message"), [(np.zeros(0), "no samples"), (np.array([0.0, np.nan]), "not finite")]
)
def test_unusable_audio_is_refused(tmp_path, samples, message):
    path = tmp_path / "bad.wav"
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    with pytest.raises(InputRejected, match=message):
        read_audio(path)
