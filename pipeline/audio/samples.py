"""Samples: several channels to one, any rate to 16 kHz, and float32 to 16 bits."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import soxr

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

Pcm16 = npt.NDArray[np.int16]
"""Mono samples as the shards hold them, shape (S,), int16, 16 kHz."""

BLOCK_SAMPLES = 1 << 20

DEAD_DB = 40.0
"""A channel this far below the loudest is an unplugged or muted microphone. Averaging it in would
halve the voice, and move it towards the 16-bit floor."""


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
    return mean_of_channels(frames, live=live_channels(channel_energies(frames)))


def channel_energies(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Sum of squares of each channel of `frames`, shape (S, C); the result has shape (C,)."""
    energies: npt.NDArray[np.float64] = np.einsum("sc,sc->c", frames, frames, dtype=np.float64)
    return energies


def live_channels(energies: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which channels carry a signal, given the energy of each; all of them if samples are NaN."""
    live = energies >= energies.max(initial=0.0) * 10 ** (-DEAD_DB / 10)
    return live if live.any() else np.ones_like(live)


def mean_of_channels(frames: npt.NDArray[np.float32], *, live: npt.NDArray[np.bool_]) -> Waveform:
    """The mean of the `live` channels of `frames`, shape (S, C); the result has shape (S,)."""
    mono: Waveform = frames[:, live].mean(axis=1, dtype=np.float64).astype(np.float32)
    return mono


def resample(wave: Waveform, *, rate_hz: int) -> Waveform:
    """Resample to 16 kHz with soxr's HQ filter (linear phase, 20 bit).

    Args:
        wave: Shape (S,), float32, at `rate_hz`.
        rate_hz: Its sample rate.

    Returns:
        Shape (S * 16000 / rate_hz,), float32; the same array if `rate_hz` is 16 kHz. A recording
        near full scale may come out slightly above it.
    """
    if rate_hz == SAMPLE_RATE_HZ:
        return wave
    resampled: Waveform = soxr.resample(wave, rate_hz, SAMPLE_RATE_HZ, quality=soxr.HQ)
    return resampled


def resample_blocks(blocks: Iterable[Waveform], *, rate_hz: int) -> Iterator[Waveform]:
    """Resample a recording that comes block by block.

    Joined, the results equal `resample` of the joined blocks, bit for bit.
    """
    if rate_hz == SAMPLE_RATE_HZ:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality=soxr.HQ)
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def peak(wave: Waveform) -> float:
    """Largest magnitude."""
    return float(max(wave.max(), -wave.min()))


def within_full_scale(wave: Waveform) -> Waveform:
    """The wave itself, or scaled down so that its peak is 1."""
    return scale_down(wave, highest=peak(wave))


def scale_down(wave: Waveform, *, highest: float) -> Waveform:
    """The wave divided by its recording's peak, where that is above full scale."""
    return wave if highest <= 1 else wave / np.float32(highest)


SILENT_PEAK = 2.0**-16
"""`to_pcm16` makes zeros of a wave up to this peak, and of none above it: half a step, rounded to even."""


def to_pcm16(wave: Waveform) -> Pcm16:
    """Float32 samples as 16 bits: times 32,768, rounded to nearest even, clipped, no dither.

    It undoes the division by 32,768 with which 16-bit files are read, for every value.

    >>> to_pcm16(np.array([-1, 0.5, 1], np.float32)).tolist()
    [-32768, 16384, 32767]
    """
    samples = np.empty(len(wave), np.int16)
    for start in range(0, len(wave), BLOCK_SAMPLES):  # an hour of float32 is not copied at once
        scaled = wave[start : start + BLOCK_SAMPLES] * np.float32(32_768)
        np.rint(scaled, out=scaled)
        samples[start : start + BLOCK_SAMPLES] = np.clip(scaled, -32_768, 32_767, out=scaled)
    return samples
