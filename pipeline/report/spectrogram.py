"""Log power over time and frequency, as a picture."""

import numpy as np
import numpy.typing as npt

from pipeline.record import Waveform
from pipeline.report.png import encode_png

N_FFT = 512  # 32 ms at 16 kHz
HOP_SAMPLES = 160
MAX_COLUMNS = 480  # two pixels of a phone's screen each
BINS_A_ROW = 2
RANGE_DB = 70.0
LEVELS = 32  # a step of 2 dB; more are not seen, and take twice the bytes

_ANCHORS = (
    (4, 4, 18),
    (48, 18, 98),
    (122, 28, 109),
    (190, 55, 82),
    (237, 105, 37),
    (251, 180, 60),
    (252, 252, 190),
)
"""From quiet to loud: brightness rises throughout, so that it reads without its colours, too."""

Powers = npt.NDArray[np.float64]


def power_columns(wave: Waveform) -> Powers:
    """Power of a 16 kHz wave, shape (S,): (rows, columns), low frequencies first.

    A wave with more frames than there are columns has the mean of several frames in each.
    """
    frames = np.lib.stride_tricks.sliding_window_view(_padded(wave), N_FFT)[::HOP_SAMPLES]
    powers = np.square(np.abs(np.fft.rfft(frames * np.hanning(N_FFT), axis=1)))
    pooled = powers[:, : N_FFT // 2].reshape(len(powers), -1, BINS_A_ROW).mean(axis=2)
    edges = np.linspace(0, len(pooled), min(len(pooled), MAX_COLUMNS) + 1).astype(int)
    return np.add.reduceat(pooled, edges[:-1], axis=0).T / np.diff(edges)


def draw_spectrogram(powers: Powers, *, loudest: float) -> bytes:
    """A PNG file of what `power_columns` gave; `loudest` is the power of the brightest colour."""
    floor = max(loudest, 1e-12) * 10 ** (-RANGE_DB / 10)
    db = 10 * np.log10(np.maximum(powers, floor) / floor)
    levels = np.minimum(db / RANGE_DB * LEVELS, LEVELS - 1).astype(np.uint8)
    return encode_png(levels[::-1], _palette())


def _padded(wave: Waveform) -> Waveform:
    """At least one whole frame, with frames centred on the wave's ends."""
    short = max(0, N_FFT - len(wave))
    return np.pad(wave, (N_FFT // 2, N_FFT // 2 + short))


def _palette() -> npt.NDArray[np.uint8]:
    positions = np.linspace(0, len(_ANCHORS) - 1, LEVELS)
    anchors = np.array(_ANCHORS, np.float64)
    channels = [np.interp(positions, np.arange(len(_ANCHORS)), anchors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
