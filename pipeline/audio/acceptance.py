"""Which audio is worth keeping: cheap rules first."""

import numpy as np

from pipeline.audio.settings import AcceptanceSettings
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Reason, Recording, Rejection, Waveform


def check_recording(recording: Recording, *, settings: AcceptanceSettings) -> Rejection | None:
    """Reject a recording that is empty, not finite, silent or too short."""
    wave, length_s = recording.wave, len(recording.wave) / recording.source.rate_hz
    if wave.size == 0:
        return Rejection(Reason.EMPTY_AUDIO, "no samples")
    lowest, highest = wave.min(), wave.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):  # NaN survives min and max
        bad = int(wave.size - np.isfinite(wave).sum())
        return Rejection(Reason.NOT_FINITE_AUDIO, f"{bad} of {wave.size} samples are not finite")
    if lowest == highest:
        return Rejection(Reason.SILENT_AUDIO, f"all {wave.size} samples are {highest:g}")
    if length_s < settings.shortest_s:
        return Rejection(Reason.TOO_SHORT_AUDIO, f"{length_s:.3f} s; {settings.shortest_s:g} s are the least")
    return None


def check_length(wave: Waveform, *, recorded: int, settings: AcceptanceSettings) -> Rejection | None:
    """Reject a 16 kHz clip that is too long after its pauses were shortened.

    Args:
        wave: The clip, shape (S,).
        recorded: Its samples at 16 kHz before that.
        settings: `longest_s`.
    """
    if len(wave) <= settings.longest_s * SAMPLE_RATE_HZ:
        return None
    length_s, recorded_s = len(wave) / SAMPLE_RATE_HZ, recorded / SAMPLE_RATE_HZ
    return Rejection(
        Reason.TOO_LONG_AUDIO,
        f"{length_s:.3f} s without long pauses ({recorded_s:.3f} s recorded);"
        f" {settings.longest_s:g} s are the most",
    )
