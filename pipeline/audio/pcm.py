"""16-bit samples."""

import numpy as np
import numpy.typing as npt

from pipeline.record import Waveform


def to_pcm16(wave: Waveform) -> npt.NDArray[np.int16]:
    """Round float32 samples (full scale 1) to 16 bits, saturating.

    >>> to_pcm16(np.array([-1, 0.5, 1], np.float32)).tolist()
    [-32768, 16384, 32767]
    """
    scaled = wave * np.float32(32_768)
    np.rint(scaled, out=scaled)
    return np.clip(scaled, -32_768, 32_767, out=scaled).astype(np.int16)
