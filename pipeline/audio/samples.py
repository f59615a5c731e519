"""From several channels to one."""

import numpy as np
import numpy.typing as npt
import soxr

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

DEAD_DB = 40.0
"""A channel this far below the loudest carries no voice: an unplugged or muted microphone.
Halving the voice for its sake would also move it towards the 16-bit floor."""


def mix_to_mono(frames: npt.NDArray[np.float32]) -> Waveform:
    """The mean of the channels that carry a signal.

    Args:
        frames: Shape (S, C), float32.

    Returns:
        Shape (S,). Channels more than 40 dB (energy) below the loudest are left out, so that a
        stereo recording with one dead channel keeps its level.
    """
    if frames.shape[1] == 1:
        return frames[:, 0]
    energies = np.einsum("sc,sc->c", frames, frames, dtype=np.float64)
    live = energies >= energies.max(initial=0.0) * 10 ** (-DEAD_DB / 10)
    if not live.any():  # NaN samples: the acceptance rules name them
        live[:] = True
    mono: Waveform = frames[:, live].mean(axis=1, dtype=np.float64).astype(np.float32)
    return mono


def resample(wave: Waveform, *, rate_hz: int) -> Waveform:
    """Resample to 16 kHz with soxr's HQ filter (linear phase, 20 bit).

    Args:
        wave: Shape (S,), float32, at `rate_hz`.
        rate_hz: Its sample rate.

    Returns:
        Shape (S * 16000 / rate_hz,), float32; the very same array at 16 kHz. A recording near
        full scale may come out slightly above it.
    """
    if rate_hz == SAMPLE_RATE_HZ:
        return wave
    resampled: Waveform = soxr.resample(wave, rate_hz, SAMPLE_RATE_HZ, quality=soxr.HQ)
    return resampled


def to_pcm16(wave: Waveform) -> npt.NDArray[np.int16]:
    """Round float32 samples (full scale 1) to 16 bits, saturating.

    >>> to_pcm16(np.array([-1, 0.5, 1], np.float32)).tolist()
    [-32768, 16384, 32767]
    """
    scaled = wave * np.float32(32_768)
    np.rint(scaled, out=scaled)
    return np.clip(scaled, -32_768, 32_767, out=scaled).astype(np.int16)
