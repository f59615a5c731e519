"""The stationary spectral gate in float32: turns down what does not rise above the noise.

The algorithm is that of the noisereduce package (Sainburg, 2019): a threshold per frequency
from the mean and deviation, in dB, of a noise clip; a mask of the cells above it; the mask
smoothed by a triangle over frequency and time; the clip resynthesised. Fed the same noise clip
and parameters the two agree to better than 60 dB (tests/unit/audio/test_gate.py). It runs in
blocks that fit the processor's cache, so that memory does not grow with the clip.

scipy.fft is imported where it is used: it takes longer to load than all else that an utterance
needs together, and clips that are clean do not come here.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.audio.settings import DenoiseSettings
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

BLOCK_FRAMES = 128
DYNAMIC_RANGE_DB = 80.0
"""Noise levels further than this below a frequency's loudest frame are raised to this limit."""
PACKAGE_LEAD_SAMPLES = 30_000
"""noisereduce pads a clip by this much, which sets where its frames begin; ours begin there too."""

Cells = npt.NDArray[np.float32]
"""One value per frame and frequency, shape (T, F)."""


def gate_noise(wave: Waveform, *, noise: Waveform, settings: DenoiseSettings) -> Waveform:
    """Turn down each cell of the spectrogram that is not louder than `noise`.

    Args:
        wave: Shape (S,), float32, 16 kHz.
        noise: Shape (N,), N >= n_fft: the noise alone.
        settings: The gate's parameters.

    Returns:
        Shape (S,), float32.
    """
    n_fft, hop = settings.n_fft, hop_samples(settings)
    threshold = noise_threshold(noise, settings=settings)
    halo = smoothing_frames(settings)
    lead = n_fft + (PACKAGE_LEAD_SAMPLES + n_fft // 2) % hop
    frames = -(-(lead + len(wave)) // hop)
    gated = np.zeros((frames + settings.overlap) * hop, np.float32)
    for first in range(0, frames, BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, frames - first)
        start = (first - halo) * hop - lead
        spectra = analyse(_slice(wave, start, (count + 2 * halo - 1) * hop + n_fft), settings=settings)
        gains = smooth(_powers(spectra) > threshold, settings=settings)
        synthesis = _resynthesise(spectra[halo : halo + count], gains, settings=settings)
        gated[first * hop : first * hop + len(synthesis)] += synthesis
    return gated[lead : lead + len(wave)]


def hop_samples(settings: DenoiseSettings) -> int:
    """Samples from one frame to the next."""
    return settings.n_fft // settings.overlap


def noise_threshold(noise: Waveform, *, settings: DenoiseSettings) -> npt.NDArray[np.float32]:
    """Power above which a cell counts as louder than the noise, per frequency, shape (F,)."""
    padding = np.zeros(settings.n_fft // 2, np.float32)
    powers = _powers(analyse(np.concatenate((padding, noise, padding)), settings=settings))
    smallest = (np.finfo(np.float64).eps * settings.n_fft / 2) ** 2
    levels_db = 10 * np.log10(np.maximum(powers, np.float32(smallest)))
    np.maximum(levels_db, levels_db.max(axis=0) - np.float32(DYNAMIC_RANGE_DB), out=levels_db)
    threshold_db = levels_db.mean(axis=0) + np.float32(settings.n_std) * levels_db.std(axis=0)
    threshold: npt.NDArray[np.float32] = np.power(np.float32(10), threshold_db / np.float32(10))
    return threshold


def smoothing_frames(settings: DenoiseSettings) -> int:
    """How many frames on each side influence the smoothed mask of a frame."""
    return int(settings.smooth_ms / (hop_samples(settings) / SAMPLE_RATE_HZ * 1000))


def smoothing_bins(settings: DenoiseSettings) -> int:
    """How many frequencies on each side influence the smoothed mask of a frequency."""
    return int(settings.smooth_hz / (SAMPLE_RATE_HZ / (settings.n_fft / 2)))


def analyse(samples: Waveform, *, settings: DenoiseSettings) -> npt.NDArray[np.complex64]:
    """Spectra of Hann-windowed frames, shape (T, F), complex64."""
    from scipy.fft import rfft

    frames = np.lib.stride_tricks.sliding_window_view(samples, settings.n_fft)[:: hop_samples(settings)]
    spectra: npt.NDArray[np.complex64] = rfft(frames * _window(settings.n_fft), axis=1, overwrite_x=True)
    return spectra


def smooth(mask: npt.NDArray[np.bool_], *, settings: DenoiseSettings) -> Cells:
    """Smooth a mask over time and frequency (a triangle) into gains; pure noise gets 1 - prop_decrease.

    Args:
        mask: Shape (T, F), with `smoothing_frames` more frames at each end than the result.
        settings: The triangle's widths and `prop_decrease`.
    """
    frames, bins = smoothing_frames(settings) + 1, smoothing_bins(settings) + 1
    # A triangle is a box convolved with itself, and counting is exact and fast in integers.
    counts = _box(_box(mask.astype(np.min_scalar_type(frames**2)), frames), frames)
    most = (frames * bins) ** 2
    padded = np.zeros((len(counts), mask.shape[1] + 2 * bins - 2), np.min_scalar_type(most))
    padded[:, bins - 1 : 1 - bins] = counts
    # Along frequency on the flat array, for long inner loops: what runs over a row's end lands in
    # the padding, which is cut off.
    flat = padded.reshape(-1)
    flat[: flat.size - 2 * bins + 2] = _box(_box(flat, bins), bins)
    prop = np.float32(settings.prop_decrease)
    gains: Cells = np.multiply(padded[:, : mask.shape[1]], prop / np.float32(most), dtype=np.float32)
    gains += (1 - prop) * _edge(mask.shape[1], bins)
    return gains


def _box(counts: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """Sums of `width` neighbours along the first axis, which gets `width` - 1 places shorter."""
    places = len(counts) - width + 1
    sums = counts[:places].copy()
    for shift in range(1, width):
        sums += counts[shift : shift + places]
    return sums


@lru_cache(maxsize=8)
def _edge(bins: int, width: int) -> npt.NDArray[np.float32]:
    """The share of the triangle inside the spectrum, shape (F,): less than 1 near its ends."""
    box = np.ones(width)
    triangle = np.convolve(box, box) / width**2
    return np.convolve(np.ones(bins), triangle, mode="same").astype(np.float32)


@lru_cache(maxsize=8)
def _window(n_fft: int) -> npt.NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def _powers(spectra: npt.NDArray[np.complex64]) -> Cells:
    """Squared magnitudes, without the square root that `abs` would take."""
    parts = np.square(spectra.view(np.float32))
    powers: Cells = parts[:, 0::2] + parts[:, 1::2]
    return powers


@lru_cache(maxsize=8)
def _synthesis_window(n_fft: int, overlap: int) -> npt.NDArray[np.float32]:
    """The window of a resynthesised frame: with it, overlapping frames add up to the clip."""
    squares = np.square(_window(n_fft)).reshape(overlap, -1).sum(axis=0)
    window: npt.NDArray[np.float32] = _window(n_fft) / np.tile(squares, overlap)
    return window


def _resynthesise(spectra: npt.NDArray[np.complex64], gains: Cells, *, settings: DenoiseSettings) -> Waveform:
    """Overlap-add of the gated frames; `spectra` is overwritten."""
    from scipy.fft import irfft

    overlap = settings.overlap
    spectra *= gains
    frames = irfft(spectra, n=settings.n_fft, axis=1, overwrite_x=True)
    frames *= _synthesis_window(settings.n_fft, overlap)
    parts = frames.reshape(len(frames), overlap, hop_samples(settings))
    added = np.zeros((len(frames) + overlap - 1, hop_samples(settings)), np.float32)
    for part in range(overlap):
        added[part : part + len(frames)] += parts[:, part]
    return added.ravel()


def _slice(wave: Waveform, start: int, count: int) -> Waveform:
    """`count` samples from `start` on, zeros where that is outside the clip."""
    inside = wave[max(0, start) : max(0, start + count)]
    if len(inside) == count:
        return inside
    padded = np.zeros(count, np.float32)
    before = max(0, -start)
    padded[before : before + len(inside)] = inside
    return padded
