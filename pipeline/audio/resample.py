"""Any sample rate to 16 kHz."""

import soxr

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform


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
