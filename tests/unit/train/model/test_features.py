import numpy as np
import pytest
import torch
from torchaudio.functional import melscale_fbanks

from pipeline.contract.errors import InputRejected
from train.model.features import FULL_SCALE, POWER_FLOOR, Features, to_wave
from train.settings import FeatureSettings

SETTINGS = FeatureSettings(mels=40)


def padded(*rows):
    longest = max(map(len, rows))
    pcm = torch.zeros((len(rows), longest), dtype=torch.int16)
    for index, row in enumerate(rows):
        pcm[index, : len(row)] = torch.as_tensor(np.asarray(row), dtype=torch.int16)
    return to_wave(pcm), torch.tensor([len(row) for row in rows])


def features(*rows, **changes):
    return Features(SETTINGS.model_copy(update=changes))(*padded(*rows))


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
@pytest.mark.parametrize("kind", ["log-mel", "mfcc"])
def test_finite_for_every_signal(pcm, kind):
    found, count = features(pcm, kind=kind, coefficients=15)
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
    with pytest.raises(ValueError, match="hop <= window <= fft_size"):
        FeatureSettings(fft_size=256)


def test_default_has_no_empty_filter():
    assert (Features(FeatureSettings()).filters_KM.sum(0) > 0).all()


def test_mfcc_is_the_cosine_transform_of_the_log_mel():
    from scipy.fft import dct

    settings = {"normalise": "corpus"}  # with no statistics measured: as they are
    mel, _ = features(noise(8_000), **settings)
    found, _ = features(noise(8_000), kind="mfcc", coefficients=15, **settings)
    expected = dct(mel[0].double().numpy(), axis=0, norm="ortho")[:15]
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-3)


def test_corpus_statistics_are_of_all_frames_and_are_saved():
    one, two = padded(noise(8_000), 9 * noise(3_000, seed=1)), padded(noise(20_000, seed=2))
    module = Features(SETTINGS.model_copy(update={"normalise": "corpus"}))
    module.measure([one, two])
    frames = [module(*batch)[0].transpose(0, 1).flatten(1) for batch in (one, two)]
    counts = [50 + 19, 125]
    total = torch.cat(frames, 1)
    assert total.sum(1).abs().max() / sum(counts) < 1e-4
    torch.testing.assert_close(total.square().sum(1) / sum(counts), torch.ones(40), atol=1e-3, rtol=0)
    assert set(module.state_dict()) == {"mean_F1", "deviation_F1"}


def test_padding_stays_zero_under_corpus_statistics():
    module = Features(SETTINGS.model_copy(update={"normalise": "corpus"}))
    found, count = module(*padded(noise(8_000), noise(20_000)))
    assert found[0, :, count[0] :].abs().max() == 0
