"""Turn down stationary noise with the engine named in the settings."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

import numpy as np

from pipeline.audio.gate import gate_noise
from pipeline.audio.settings import DenoiseSettings
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

MOST_NOISE_SAMPLES = 30 * SAMPLE_RATE_HZ
"""Half a minute of noise is enough for a profile, and bounds the memory for an hour's clip."""

NOISE_SPREAD = np.float32(10**0.6)
"""6 dB: frames this far above the quietest may still be noise. Compared with no such limit, SI-SDR
rises by 1.5 to 2 dB on clean speech, stays the same in white and pink noise, and falls by 0.1 to
0.4 dB in babble at 10 dB (TEDxKR and KsponSpeech, 5 to 15 dB)."""


def denoise(wave: Waveform, *, snr_db: float, settings: DenoiseSettings) -> Waveform:
    """Turn down the stationary noise of a 16 kHz clip, if it is noisy.

    The noise is estimated from the clip's quietest frames. A clip with `settings.max_snr_db` or
    more comes back as it is; so does one too short to show its noise, or whose quietest frames
    are digital silence.

    Args:
        wave: Shape (S,), float32 in [-1, 1], finite.
        snr_db: Its signal-to-noise ratio, from `Levels`.
        settings: Engine, strength, and which clips are noisy.

    Returns:
        Shape (S,), float32 in [-1, 1]; the same array if nothing was done.
    """
    if settings.engine == "off":
        return wave
    if settings.engine == "noisereduce-defaults":
        return package_defaults(wave)
    if snr_db >= settings.max_snr_db:
        return wave
    noise = find_noise(wave, frame_samples=settings.n_fft, share=settings.noise_share)
    if not noise.any():
        return wave
    reduce = gate_noise if settings.engine == "gate" else package_gate
    cleaned = reduce(wave, noise=noise, settings=settings)
    return np.clip(cleaned, -1, 1, out=cleaned)


def find_noise(wave: Waveform, *, frame_samples: int, share: float) -> Waveform:
    """A sample of a clip's noise: its quietest frames in a row, shape (N * frame_samples,).

    These are, among the quietest `share` of the frames, those within 6 dB of the quietest one:
    stationary noise varies less than that, and in a clip without a pause louder frames are speech.
    Digital silence before and after the recording does not count as noise. If the quietest share
    is digital silence itself, there is no noise to find: the result is all zero or empty. In very
    long clips only every n-th such frame is taken.
    """
    sounding = _without_silent_ends(wave)
    count = len(sounding) // frame_samples
    frames = sounding[: count * frame_samples].reshape(count, frame_samples)
    if count == 0:
        return frames.ravel()
    # Power per non-zero sample: a frame that touches a lost packet is shorter, not quieter.
    powers = np.einsum("fs,fs->f", frames, frames) / np.maximum(1, np.count_nonzero(frames, axis=1))
    loudest = np.sort(powers)[max(1, round(share * count)) - 1]
    chosen = np.flatnonzero(powers <= loudest)
    if loudest > 0:
        quietest = powers[powers > 0].min()
        chosen = np.flatnonzero((powers > 0) & (powers <= min(loudest, quietest * NOISE_SPREAD)))
    return frames[chosen[:: -(-chosen.size * frame_samples // MOST_NOISE_SAMPLES)]].ravel()


def _without_silent_ends(wave: Waveform) -> Waveform:
    sounding = wave != 0
    if not sounding.any():
        return wave[:0]
    return wave[int(sounding.argmax()) : len(wave) - int(sounding[::-1].argmax())]


def package_gate(wave: Waveform, *, noise: Waveform, settings: DenoiseSettings) -> Waveform:
    """The same gate from the noisereduce package, in float64: slow; our gate is tested against it."""
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
        win_length=settings.n_fft,
        hop_length=settings.n_fft // settings.overlap,
        freq_mask_smooth_hz=settings.smooth_hz,
        time_mask_smooth_ms=settings.smooth_ms,
        n_jobs=1,
    )
    return gated


def package_defaults(wave: Waveform) -> Waveform:
    """The noisereduce package with its defaults: the non-stationary gate at full strength."""
    with _without_torch():
        import noisereduce
    if not wave.any():
        return wave  # the package would give NaN
    reduced: Waveform = noisereduce.reduce_noise(y=wave, sr=SAMPLE_RATE_HZ, n_jobs=1).astype(np.float32)
    return np.clip(reduced, -1, 1, out=reduced)


# noisereduce imports torch wherever it is installed, for a mode that is not used here: 480 MB and
# two to three seconds in every worker. It takes an ImportError for "torch is not installed", so
# while it is imported, torch is not to be found. This costs 15 lines; the other ways are to keep
# torch out of the pipeline's environment, or to do without the package as an engine.
class _TorchHider(MetaPathFinder):
    """Makes `import torch` fail as if it were not installed."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """Refuse torch; leave every other module to the next finder."""
        if fullname == "torch":
            raise ModuleNotFoundError("torch is hidden from noisereduce", name="torch")


@contextmanager
def _without_torch() -> Iterator[None]:
    """Hide torch inside the block; if it was imported before, nothing changes."""
    hider = _TorchHider()
    sys.meta_path.insert(0, hider)
    try:
        yield
    finally:
        sys.meta_path.remove(hider)
