"""The audio stage: from a decoded recording to the clip that goes into a shard."""

from dataclasses import dataclass

import numpy as np

from pipeline.audio.denoise import denoise as turn_down_noise
from pipeline.audio.levels import Levels, measure_levels
from pipeline.audio.samples import SILENT_PEAK, peak, resample, scale_down, within_full_scale
from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.audio.silence import Span, collapse_silence
from pipeline.contract.reasons import Reason
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Clip, Measurements, Recording, Rejection, SourceSpan, Waveform


@dataclass(frozen=True, slots=True)
class Treated:
    """A clip after its pauses were shortened and its noise turned down.

    Attributes:
        wave: Shape (S,), float32 in [-1, 1], 16 kHz.
        spans: What was kept of the clip, in its samples; their lengths add up to S.
        levels: Speech and noise floor, measured between the two steps.
    """

    wave: Waveform
    spans: tuple[Span, ...]
    levels: Levels


def apply_front_end(wave: Waveform, *, silence: SilenceSettings, denoise: DenoiseSettings) -> Treated:
    """Shorten the pauses of a 16 kHz clip and turn down its noise if it is noisy.

    Args:
        wave: Shape (S,), S > 0, float32 in [-1, 1], finite.
        silence: When a pause is too long, and what is left of it.
        denoise: Engine, strength, and what counts as noisy.
    """
    collapsed = collapse_silence(wave, settings=silence)
    del wave  # an hour of it need not be kept beside its shortened copy
    levels = measure_levels(collapsed.wave, gate_db=silence.gate_db)
    cleaned = turn_down_noise(collapsed.wave, snr_db=levels.snr_db, settings=denoise)
    return Treated(cleaned, collapsed.spans, levels)


def prepare_clip(
    recording: Recording,
    *,
    silence: SilenceSettings,
    denoise: DenoiseSettings,
    acceptance: AcceptanceSettings,
) -> Clip | Rejection:
    """Check, resample, shorten the pauses and denoise one utterance.

    The longest length applies after the pauses are shortened: that is what reaches the GPU. A clip
    beyond full scale (float files, resampling) is scaled down, never clipped.

    Args:
        recording: As `Recordings.read` returns it.
        silence: When a pause is too long, and how much of it to keep.
        denoise: Engine, strength, and which clips are noisy.
        acceptance: Shortest and longest clip to keep.

    Returns:
        The clip at 16 kHz, within [-1, 1], or the reason to drop it: EMPTY_AUDIO,
        NOT_FINITE_AUDIO, SILENT_AUDIO, TOO_SHORT_AUDIO or TOO_LONG_AUDIO.
    """
    rejection = check_recording(recording, settings=acceptance)
    if rejection:
        return rejection
    highest = peak(recording.wave)
    wave = scale_down(recording.wave, highest=highest)
    if recording.source.rate_hz != SAMPLE_RATE_HZ:
        wave = resample(wave, rate_hz=recording.source.rate_hz)
        if not wave.size:
            return Rejection(Reason.EMPTY_AUDIO, f"{len(recording.wave)} samples are too few to resample")
        wave = within_full_scale(wave)  # the filter may overshoot
    treated = apply_front_end(wave, silence=silence, denoise=denoise)
    rejection = check_stored(treated.wave, recorded=len(wave), settings=acceptance)
    if rejection:
        return rejection
    measurements = Measurements(
        silence_removed_samples=len(wave) - len(treated.wave),
        noise_floor_db=treated.levels.noise_floor_db,
        speech_level_db=treated.levels.speech_level_db,
        peak=highest,
    )
    kept = kept_spans(treated.spans, length=len(wave), source=recording.source)
    return Clip(treated.wave, kept, measurements)


def kept_spans(spans: tuple[Span, ...], *, length: int, source: SourceSpan) -> tuple[Span, ...]:
    """Spans of a 16 kHz clip as spans of its recording.

    Args:
        spans: Spans of the clip before its pauses were shortened, in samples at 16 kHz.
        length: Number of samples in that clip.
        source: The part of the recording that the clip was made from.

    Returns:
        Samples of the recording at its own rate, counted from its start; each edge is the
        sample nearest in time, and the clip's ends are the utterance's ends exactly.
    """

    def place(position: int) -> int:
        if position >= length:
            return source.offset + source.length
        return source.offset + min(source.length, round(position * source.rate_hz / SAMPLE_RATE_HZ))

    return tuple((place(start), place(end)) for start, end in spans)


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


def check_stored(wave: Waveform, *, recorded: int, settings: AcceptanceSettings) -> Rejection | None:
    """Reject a 16 kHz clip that is too long after its pauses were shortened, or silent once stored.

    A signal below half a step of 16 bits (channels that cancel out, a float file at 1e-38) is
    stored as nothing but zeros.

    Args:
        wave: The clip as it will be stored, shape (S,).
        recorded: Its samples at 16 kHz before its pauses were shortened.
        settings: `longest_s`.
    """
    if len(wave) > settings.longest_s * SAMPLE_RATE_HZ:
        length_s, recorded_s = len(wave) / SAMPLE_RATE_HZ, recorded / SAMPLE_RATE_HZ
        return Rejection(
            Reason.TOO_LONG_AUDIO,
            f"{length_s:.3f} s without long pauses ({recorded_s:.3f} s recorded);"
            f" {settings.longest_s:g} s are the most",
        )
    highest = peak(wave)
    if highest <= SILENT_PEAK:
        return Rejection(Reason.SILENT_AUDIO, f"all {len(wave)} samples are 0 in 16 bits (peak {highest:g})")
    return None
