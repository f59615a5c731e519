"""Turning down stationary noise, by the engine that the settings name."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

import numpy as np

from pipeline.audio.gate import gate_noise
from pipeline.audio.settings import DenoiseSettings
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

MOST_NOISE_FRAMES = 2048
"""A minute of noise is profile enough; an hour's clip must not hold it all."""


def denoise(wave: Waveform, *, settings: DenoiseSettings) -> Waveform:
    """Turn down the stationary noise of a 16 kHz clip.

    The noise is what the clip's quietest frames hold (`settings.noise_share`). A clip too short
    or too clean to know its noise by (digital silence) comes back as it is.

    Args:
        wave: Shape (S,), float32 in [-1, 1], finite.
        settings: Engine and strength.

    Returns:
        Shape (S,), float32; the gate may overshoot full scale by a little.
    """
    if settings.engine == "off":
        return wave
    noise = quietest_frames(wave, frame_samples=settings.n_fft, share=settings.noise_share)
    if not noise.any():
        return wave
    if settings.engine == "gate":
        return gate_noise(wave, noise=noise, settings=settings)
    return package_gate(wave, noise=noise, settings=settings)


def quietest_frames(wave: Waveform, *, frame_samples: int, share: float) -> Waveform:
    """The quietest frames of a clip in a row, shape (N * frame_samples,).

    Digital silence before and after the recording is no noise and is left out; within it, it
    says that the noise is gone already. Of very long clips every n-th quiet frame is taken.
    """
    sounding = _without_silent_ends(wave)
    count = len(sounding) // frame_samples
    frames = sounding[: count * frame_samples].reshape(count, frame_samples)
    if count == 0:
        return frames.ravel()
    quiet = max(1, round(share * count))
    powers = np.einsum("fs,fs->f", frames, frames)
    chosen = np.sort(np.argsort(powers, kind="stable")[:quiet])
    return frames[chosen[:: -(-quiet // MOST_NOISE_FRAMES)]].ravel()


def _without_silent_ends(wave: Waveform) -> Waveform:
    sounding = wave != 0
    if not sounding.any():
        return wave[:0]
    return wave[int(sounding.argmax()) : len(wave) - int(sounding[::-1].argmax())]


def package_gate(wave: Waveform, *, noise: Waveform, settings: DenoiseSettings) -> Waveform:
    """The same gate by the noisereduce package, in float64: slow, and the oracle of ours."""
    with _without_torch():
        import noisereduce
    gated: Waveform = noisereduce.reduce_noise(
        y=wave,
        sr=SAMPLE_RATE_HZ,
        y_noise=noise,
        stationary=True,
        prop_decrease=settings.prop_decrease,
        n_std_thresh_stationary=settings.n_std,
        n_fft=settings.n_fft,
        freq_mask_smooth_hz=settings.smooth_hz,
        time_mask_smooth_ms=settings.smooth_ms,
        n_jobs=1,
    )
    return gated


class _TorchHider(MetaPathFinder):
    """Makes `import torch` fail as if it were not installed."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """No module, and no other finder asked, for torch; no opinion on the rest."""
        if fullname == "torch":
            raise ModuleNotFoundError("torch is hidden from noisereduce", name="torch")


@contextmanager
def _without_torch() -> Iterator[None]:
    """Hide torch inside the block; where it is loaded already, nothing is saved or changed.

    noisereduce imports torch wherever it is installed, for a mode that is not used here: 480 MB
    and seconds for every worker. It takes an ImportError as "torch is absent".
    """
    hider = _TorchHider()
    sys.meta_path.insert(0, hider)
    try:
        yield
    finally:
        sys.meta_path.remove(hider)
