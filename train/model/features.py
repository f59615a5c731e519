"""Log-mel and MFCC features of waves, float32, computed on the waves' device.

Shapes: N batch, S samples, T frames, W samples of a window, K spectrum bins, M mel bins,
F features of a frame: mel bins or cepstral coefficients.
"""

import warnings
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchaudio.functional import create_dct, melscale_fbanks

from pipeline.contract.errors import InputRejected
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.settings import FeatureSettings

FULL_SCALE: Final = 32_768.0
# The power is clamped before the logarithm; clamping after it would give silent frames a NaN
# gradient. The value is about the power that rounding to 16 bits leaves in one mel bin.
POWER_FLOOR: Final = 1e-8
DEVIATION_FLOOR: Final = 1e-3


class Features(nn.Module):
    """Waves to features, each bin normalised over the utterance or with statistics of the corpus.

    The statistics of the corpus are buffers, so that every checkpoint contains them.
    """

    window_W: Tensor
    filters_KM: Tensor
    cosines_MF: Tensor | None
    mean_F1: Tensor
    deviation_F1: Tensor

    def __init__(self, settings: FeatureSettings) -> None:
        super().__init__()
        self.settings = settings
        self.hop = settings.hop
        self.fft_size = settings.fft_size
        self.register_buffer("window_W", torch.hann_window(settings.window), persistent=False)
        self.register_buffer("filters_KM", _mel_filters(settings), persistent=False)
        mfcc = settings.kind == "mfcc"
        cosines_MF = create_dct(settings.coefficients, settings.mels, norm="ortho") if mfcc else None
        self.register_buffer("cosines_MF", cosines_MF, persistent=False)
        if settings.normalise == "corpus":
            self.register_buffer("mean_F1", torch.zeros(settings.bins, 1))
            self.register_buffer("deviation_F1", torch.ones(settings.bins, 1))

    def forward(self, wave_NS: Tensor, samples_N: Tensor) -> tuple[Tensor, Tensor]:
        """The features of a zero-padded batch.

        Frame t is centred on sample t * hop + hop / 2 and sees zeros beyond either end of its row,
        so that padding changes nothing.

        Args:
            wave_NS: float32 in [-1, 1], zero beyond each row's samples.
            samples_N: int64, the samples of each row.

        Returns:
            features_NFT, float32, zero beyond each row's frames, and frames_N, int64.
        """
        frames_N = -(-samples_N // self.hop)
        raw_NFT = self._raw(wave_NS)
        if self.settings.normalise == "utterance":
            return normalise(raw_NFT, frames_N), frames_N
        mask_N1T = frame_mask(frames_N, raw_NFT.size(2)).unsqueeze(1)
        return (raw_NFT - self.mean_F1) / self.deviation_F1 * mask_N1T, frames_N

    @torch.no_grad()
    def measure(self, waves: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Set the mean and deviation of each bin to those of the waves (wave_NS, samples_N)."""
        frames, total_F, squares_F = 0, torch.zeros(()), torch.zeros(())
        for wave_NS, samples_N in waves:
            raw_NFT = self._raw(wave_NS).double()
            frames_N = -(-samples_N // self.hop)
            inside_FX = raw_NFT.transpose(0, 1)[:, frame_mask(frames_N, raw_NFT.size(2))]
            frames += inside_FX.size(1)
            total_F, squares_F = total_F + inside_FX.sum(1), squares_F + inside_FX.square().sum(1)
        mean_F = total_F / max(frames, 1)
        deviation_F = (squares_F / max(frames, 1) - mean_F.square()).clamp(min=0).sqrt()
        self.mean_F1.copy_(mean_F.unsqueeze(1))
        self.deviation_F1.copy_(deviation_F.clamp(min=DEVIATION_FLOOR).unsqueeze(1))

    def frames(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The number of frames for each length."""
        return -(-samples // self.hop)

    def _raw(self, wave_NS: Tensor) -> Tensor:
        raw_NTF = (self._power(wave_NS) @ self.filters_KM).clamp(min=POWER_FLOOR).log()
        if self.cosines_MF is not None:
            raw_NTF = raw_NTF @ self.cosines_MF
        return raw_NTF.transpose(1, 2)

    def _power(self, wave_NS: Tensor) -> Tensor:
        window = self.window_W.numel()
        frames = -(-wave_NS.size(1) // self.hop)
        left = (window - self.hop) // 2
        right = (frames - 1) * self.hop + window - left - wave_NS.size(1)
        padded_NS = nn.functional.pad(wave_NS, (left, max(right, 0)))
        windows_NTW = padded_NS.unfold(1, window, self.hop) * self.window_W
        spectrum_NTK = torch.fft.rfft(windows_NTW, n=self.fft_size)
        power_NTK: Tensor = spectrum_NTK.real.square() + spectrum_NTK.imag.square()
        return power_NTK


def to_wave(pcm_NS: Tensor) -> Tensor:
    """16-bit samples as float32 in [-1, 1]."""
    return pcm_NS.float() / FULL_SCALE


def normalise(raw_NFT: Tensor, frames_N: Tensor) -> Tensor:
    """Give every bin of every row mean 0 and deviation 1 over the row's frames; zero beyond them."""
    mask_N1T = frame_mask(frames_N, raw_NFT.size(2)).unsqueeze(1)
    count_N11 = frames_N.clamp(min=1).view(-1, 1, 1)
    mean_NF1 = (raw_NFT * mask_N1T).sum(2, keepdim=True) / count_N11
    centred_NFT = (raw_NFT - mean_NF1) * mask_N1T
    deviation_NF1 = (centred_NFT.square().sum(2, keepdim=True) / count_N11).sqrt()
    return centred_NFT / deviation_NF1.clamp(min=DEVIATION_FLOOR)


def frame_mask(frames_N: Tensor, frames: int) -> Tensor:
    """mask_NT, bool: true for a row's frames, false for its padding."""
    return torch.arange(frames, device=frames_N.device) < frames_N.unsqueeze(1)


def _mel_filters(settings: FeatureSettings) -> Tensor:
    with warnings.catch_warnings(action="ignore"):  # about empty filters: an error below
        filters_KM: Tensor = melscale_fbanks(
            n_freqs=settings.fft_size // 2 + 1,
            f_min=settings.lowest_hz,
            f_max=settings.highest_hz,
            n_mels=settings.mels,
            sample_rate=SAMPLE_RATE_HZ,
        )
    empty = int((filters_KM.sum(0) == 0).sum())
    if empty:
        raise InputRejected(
            f"features: {empty} of {settings.mels} mel filters are empty at fft_size"
            f" {settings.fft_size}; use a longer fft_size or fewer mels"
        )
    return filters_KM
