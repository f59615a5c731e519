import numpy as np
import pytest
import torch
from torchaudio.functional import melscale_fbanks

from pipeline.contract.errors import InputRejected
from train.features import FULL_SCALE, POWER_FLOOR, Features, to_wave
from train.settings import FeatureSettings

SETTINGS = FeatureSettings(mels=40)


def features(*rows):
    longest = max(map(len, rows))
    pcm = torch.zeros((len(rows), longest), dtype=torch.int16)
    for index, row in enumerate(rows):
        pcm[index, : len(row)] = torch.as_tensor(np.asarray(row), dtype=torch.int16)
    return Features(SETTINGS)(to_wave(pcm), torch.tensor([len(row) for row in rows]))


def noise(samples, seed=0):
    return np.random.default_rng(seed).integers(-3000, 3000, samples)


def test_agrees_with_a_transform_written_out_by_hand():
    pcm = noise(4_000)
    padded = np.pad(pcm / FULL_SCALE, (120, 400))
    window = np.hanning(401)[:-1]
    frames = np.stack([padded[start : start + 400] * window for start in range(0, 4_000, 160)])
    power = np.abs(np.fft.rfft(frames, n=512)) ** 2
    mel = np.log(np.maximum(power @ melscale_fbanks(257, 20.0, 8000.0, 40, 16_000).numpy(), POWER_FLOOR))
    expected = (mel - mel.mean(0)) / mel.std(0)
    found, count = features(pcm)
    assert count.tolist() == [25]
    np.testing.assert_allclose(found[0].T.numpy(), expected, atol=2e-3)


@pytest.mark.parametrize(
    "pcm",
    [
        np.zeros(16_000),
        np.full(16_000, 12_000),
        np.full(1, 500),
        noise(160),
        noise(161),
        np.where(np.arange(16_000) // 40 % 2, 32_767, -32_768),
    ],
    ids=["silence", "dc", "one sample", "one frame", "two frames", "clipping"],
)
def test_finite_for_every_signal(pcm):
    found, count = features(pcm)
    assert found.isfinite().all()
    assert count.item() == found.shape[2] == -(-len(pcm) // 160)
    assert found.abs().max() < 50


def test_each_utterance_is_normalised_over_its_own_frames():
    found, count = features(noise(8_000), 3 * noise(20_000, seed=1))
    assert found[0, :, count[0] :].abs().max() == 0
    own = found[0, :, : count[0]]
    torch.testing.assert_close(own.mean(1), torch.zeros(40), atol=1e-4, rtol=0)
    torch.testing.assert_close(own.std(1, unbiased=False), torch.ones(40), atol=1e-3, rtol=0)


def test_loudness_does_not_matter():
    quiet, loud = features(noise(8_000)), features(4 * noise(8_000))
    torch.testing.assert_close(quiet[0], loud[0], atol=1e-3, rtol=0)


def test_an_empty_filter_is_refused():
    with pytest.raises(InputRejected, match="mel filters are empty"):
        Features(FeatureSettings(mels=80, fft_size=320, window_ms=20, lowest_hz=0.0))


def test_a_window_longer_than_the_transform_is_refused():
    with pytest.raises(InputRejected, match="fft_size"):
        Features(FeatureSettings(fft_size=256))


def test_default_has_no_empty_filter():
    assert (Features(FeatureSettings()).filters_KM.sum(0) > 0).all()
