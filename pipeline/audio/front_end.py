"""The front end of a recogniser: long pauses shortened, then noise turned down."""

from dataclasses import dataclass

from pipeline.audio.denoise import denoise as turn_down_noise
from pipeline.audio.levels import Levels, measure_levels
from pipeline.audio.settings import DenoiseSettings, SilenceSettings
from pipeline.audio.silence import Span, collapse_silence
from pipeline.record import Waveform


@dataclass(frozen=True, slots=True)
class Treated:
    """What a recogniser gets of a clip.

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
