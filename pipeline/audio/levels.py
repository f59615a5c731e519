"""Levels of short frames: how loud the voice and the noise floor are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.record import Waveform

FRAME_SAMPLES = 480
"""30 ms at 16 kHz, webrtcvad's longest frame."""

LOUD_PERCENTILE = 95
QUIET_PERCENTILE = 15
LOWEST_DB = -120.0
"""The level given to digital silence: finite, and below the floor of 16-bit audio."""

Powers = npt.NDArray[np.float32]
"""Mean square of each frame about its mean, shape (F,)."""


def frame_powers(wave: Waveform, *, frame_samples: int = FRAME_SAMPLES) -> Powers:
    """Power of consecutive frames without their DC offset; the last one may be shorter.

    An offset (from cheap sound cards) would lift every pause above the energy gate, which is
    relative to the loudest frames.
    """
    whole = len(wave) // frame_samples
    frames = wave[: whole * frame_samples].reshape(whole, frame_samples)
    powers: Powers = np.einsum("fs,fs->f", frames, frames) / np.float32(frame_samples)
    powers -= np.square(frames.mean(axis=1))
    rest = wave[whole * frame_samples :]
    if rest.size:
        powers = np.append(powers, rest.var())
    return np.maximum(powers, 0, out=powers)


def percentile(values: Powers, percent: float) -> float:
    """The percentile without interpolation: one of `values`."""
    rank = int(percent / 100 * (len(values) - 1))
    ordered: Powers = np.partition(values, rank)
    return float(ordered[rank])


def loud_frames(powers: Powers, *, gate_db: float) -> npt.NDArray[np.bool_]:
    """Frames above the clip's 95th percentile minus `gate_db`, shape (F,)."""
    return powers > np.float32(percentile(powers, LOUD_PERCENTILE) * 10 ** (-gate_db / 10))


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud a clip's speech and its pauses are, in dBFS.

    Attributes:
        noise_floor_db: Of the quietest 15 % of its frames.
        speech_level_db: Of the frames that the energy gate lets through.
    """

    noise_floor_db: float
    speech_level_db: float

    @property
    def snr_db(self) -> float:
        """Speech over noise."""
        return self.speech_level_db - self.noise_floor_db


def measure_levels(wave: Waveform, *, gate_db: float) -> Levels:
    """Levels of a 16 kHz clip; `gate_db` is the energy gate of `loud_frames`."""
    powers = frame_powers(wave)
    return Levels(noise_floor_db(powers), speech_level_db(powers, gate_db=gate_db))


def noise_floor_db(powers: Powers) -> float:
    """Level of the quietest 15 % of frames, dBFS, at least -120."""
    return _mean_db(powers[powers <= percentile(powers, QUIET_PERCENTILE)])


def speech_level_db(powers: Powers, *, gate_db: float) -> float:
    """Level of the frames that the energy gate lets through, dBFS, at least -120."""
    return _mean_db(powers[loud_frames(powers, gate_db=gate_db)])


def _mean_db(powers: Powers) -> float:
    power = float(powers.mean(dtype=np.float64)) if powers.size else 0.0
    return max(LOWEST_DB, 10 * float(np.log10(power))) if power > 0 else LOWEST_DB
