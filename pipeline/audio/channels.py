"""From several channels to one."""

import numpy as np
import numpy.typing as npt

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
