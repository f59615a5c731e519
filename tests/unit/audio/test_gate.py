import numpy as np
import pytest

from pipeline.audio import gate
from pipeline.audio.denoise import find_noise, package_gate
from pipeline.audio.gate import gate_noise, smooth
from pipeline.audio.settings import DenoiseSettings

RATE_HZ = 16_000
SETTINGS = DenoiseSettings()


def agreement_db(left, right):
    error = left.astype(np.float64) - right
    return 10 * np.log10(np.sum(np.square(left, dtype=np.float64)) / np.sum(error**2))


def noisy(murmur, seconds, *, seed=1):
    speech = murmur(seconds, seed=seed)
    speech[: len(speech) // 4] = 0
    noise = np.random.default_rng(seed).standard_normal(len(speech))
    return speech + (0.003 * noise).astype(np.float32)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"overlap": 4},
        {"n_fft": 256, "smooth_hz": 125.0},
        {"n_fft": 1024, "overlap": 4},
        {"n_fft": 1024, "smooth_ms": 40.0},
        {"n_fft": 2048, "overlap": 4, "smooth_ms": 40.0},
        {"smooth_hz": 500.0, "smooth_ms": 50.0},
        {"prop_decrease": 1.0, "n_std": 1.0},
        {"prop_decrease": 0.0},
    ],
)
def test_agrees_with_the_package_for_equal_parameters(murmur, changed):
    settings = DenoiseSettings(**changed)
    wave = noisy(murmur, 3.0)
    noise = find_noise(wave, frame_samples=settings.n_fft, share=0.15)
    ours = gate_noise(wave, noise=noise, settings=settings)
    assert agreement_db(package_gate(wave, noise=noise, settings=settings), ours) > 60


def test_agrees_with_the_package_on_speech(talk):
    assert len(talk) == 20
    for wave in talk:
        noise = find_noise(wave, frame_samples=SETTINGS.n_fft, share=SETTINGS.noise_share)
        ours = gate_noise(wave, noise=noise, settings=SETTINGS)
        assert agreement_db(package_gate(wave, noise=noise, settings=SETTINGS), ours) > 60


def test_nothing_below_the_threshold_nothing_removed(murmur):
    wave = murmur(1.0)
    silent = np.full(512, 1e-12, np.float32)
    gated = gate_noise(wave, noise=silent, settings=DenoiseSettings(smooth_hz=62.5))
    assert agreement_db(wave, gated) > 20


def test_all_noise_is_turned_down_by_the_share():
    noise = (0.01 * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)
    gated = gate_noise(noise / 100, noise=noise, settings=SETTINGS)
    inside = slice(1_000, 15_000)
    ratio = np.std(gated[inside]) / np.std(noise[inside] / 100)
    assert ratio == pytest.approx(1 - SETTINGS.prop_decrease, rel=0.02)


def test_blocks_do_not_show(murmur, monkeypatch):
    wave = noisy(murmur, 3.0)
    noise = wave[:4_096]
    whole = gate_noise(wave, noise=noise, settings=SETTINGS)
    for frames in (1, 7, 128, 10_000):
        monkeypatch.setattr(gate, "BLOCK_FRAMES", frames)
        np.testing.assert_allclose(gate_noise(wave, noise=noise, settings=SETTINGS), whole, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 100, 511, 512, 513, 1_599])
def test_every_length_comes_back_as_long(samples):
    wave = (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    noise = (0.01 * np.random.default_rng(1).standard_normal(512)).astype(np.float32)
    gated = gate_noise(wave, noise=noise, settings=SETTINGS)
    assert gated.shape == (samples,)
    assert gated.dtype == np.float32
    assert np.isfinite(gated).all()


def test_smoothing_is_a_triangle_over_time_and_frequency():
    mask = np.zeros((13, 257), bool)
    mask[6, 100] = True
    settings = DenoiseSettings(prop_decrease=1.0, smooth_hz=125.0, smooth_ms=25.0, overlap=4)
    gains = smooth(mask, settings=settings)
    assert gains.shape == (7, 257)
    triangle = np.outer([1, 2, 3, 4, 3, 2, 1], [1, 2, 3, 2, 1]) / (16 * 9)
    np.testing.assert_allclose(gains[:, 98:103], triangle, rtol=1e-6)
    gains[:, 98:103] = 0
    assert not gains.any()
