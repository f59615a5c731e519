"""Spectrograms as PNG pictures."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from pipeline.record import Waveform

N_FFT = 512  # 32 ms at 16 kHz
HOP_SAMPLES = 160
MAX_COLUMNS = 480  # each two pixels wide on a phone's screen
BINS_A_ROW = 2
RANGE_DB = 70.0
LEVELS = 32  # steps of 2 dB; finer ones cannot be seen and would double the size

_ANCHORS = (
    (4, 4, 18),
    (48, 18, 98),
    (122, 28, 109),
    (190, 55, 82),
    (237, 105, 37),
    (251, 180, 60),
    (252, 252, 190),
)
"""Colours from quiet to loud. Brightness rises throughout, so the picture reads without colours too."""

Spectrogram = npt.NDArray[np.float64]
"""Power over frequency and time, shape (rows, columns), low frequencies first."""


def measure_spectrogram(wave: Waveform) -> Spectrogram:
    """The spectrogram of a 16 kHz wave, shape (S,).

    It has at most `MAX_COLUMNS` columns; in a longer wave, each is the mean of several frames.
    """
    frames = np.lib.stride_tricks.sliding_window_view(_padded(wave), N_FFT)[::HOP_SAMPLES]
    powers = np.square(np.abs(np.fft.rfft(frames * np.hanning(N_FFT), axis=1)))
    pooled = powers[:, : N_FFT // 2].reshape(len(powers), -1, BINS_A_ROW).mean(axis=2)
    edges = np.linspace(0, len(pooled), min(len(pooled), MAX_COLUMNS) + 1).astype(int)
    return np.add.reduceat(pooled, edges[:-1], axis=0).T / np.diff(edges)


def draw_spectrogram(spectrogram: Spectrogram, *, loudest: float) -> bytes:
    """A PNG file in dB; `loudest` is the power that gets the brightest colour."""
    floor = max(loudest, 1e-12) * 10 ** (-RANGE_DB / 10)
    db = 10 * np.log10(np.maximum(spectrogram, floor) / floor)
    levels = np.minimum(db / RANGE_DB * LEVELS, LEVELS - 1).astype(np.uint8)
    return encode_png(levels[::-1], _palette())


def _padded(wave: Waveform) -> Waveform:
    """The wave with zeros around it: the first and last frames are centred on its ends."""
    short = max(0, N_FFT - len(wave))
    return np.pad(wave, (N_FFT // 2, N_FFT // 2 + short))


def _palette() -> npt.NDArray[np.uint8]:
    positions = np.linspace(0, len(_ANCHORS) - 1, LEVELS)
    anchors = np.array(_ANCHORS, np.float64)
    channels = [np.interp(positions, np.arange(len(_ANCHORS)), anchors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED = 3


def encode_png(pixels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file.

    Written by hand because matplotlib would add 30 MB of code and a second to every run.

    Args:
        pixels: Indices into the palette, shape (height, width), the top row first.
        palette: Red, green and blue, shape (colours, 3), at most 256 of them.
    """
    height, width = pixels.shape
    rows = np.zeros((height, 1 + width), np.uint8)  # a row begins with its filter type, 0: none
    rows[:, 1:] = pixels
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _INDEXED, 0, 0, 0)),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
