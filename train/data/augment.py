"""Augmentation: random changes to a batch's waves and features.

Every choice comes from the generator given. Choices are drawn on the CPU, so that they are the
same for every device; only the noise itself is drawn on the device of the wave.

Shapes: N batch, S samples, X samples of a part, F features of a frame, T frames, M stripes.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchaudio.functional import resample

from train.settings import AugmentSettings

NORMAL_SPEED = 100
SampleCount = TypeVar("SampleCount", int, npt.NDArray[np.int64])


def stretch(samples: SampleCount, percent: int) -> SampleCount:
    """The length of `samples` samples when played at `percent` of the speed, rounded up."""
    return -(-samples * NORMAL_SPEED // percent)


def draw_speeds(rows: int, settings: AugmentSettings, generator: torch.Generator) -> list[int]:
    """Draw a speed, in percent, for each row."""
    choices = torch.randint(len(settings.speed_percents), (rows,), generator=generator)
    return [settings.speed_percents[choice] for choice in choices.tolist()]


def change_speeds(wave_NS: Tensor, samples: Sequence[int], percents: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Play each row faster or slower, which also shifts its pitch (Ko et al. 2015).

    Returns:
        wave_NS, zero beyond each row's new length, and the new lengths samples_N, on the CPU.
    """
    changed = [stretch(count, percent) for count, percent in zip(samples, percents, strict=True)]
    if set(percents) <= {NORMAL_SPEED}:
        return wave_NS, torch.tensor(changed)
    played_NS = wave_NS.new_zeros((len(changed), max(changed)))
    for percent in set(percents):
        rows = [row for row, own in enumerate(percents) if own == percent]
        longest = max(samples[row] for row in rows)
        part_XS = resample(wave_NS[rows, :longest], percent, NORMAL_SPEED)
        played_NS[rows, : part_XS.size(1)] = part_XS
    samples_N = torch.tensor(changed)
    return played_NS * _inside(samples_N, played_NS), samples_N


def add_noise(
    wave_NS: Tensor, samples_N: Tensor, *, settings: AugmentSettings, generator: torch.Generator
) -> Tensor:
    """Add noise to some rows, then change the gain of each; the result is clipped at 1.

    The noise's colour, from brown to blue, its level relative to the row's power, and the gain
    are drawn for each row.
    """
    draws = torch.rand((4, len(wave_NS)), generator=generator)
    low_db, high_db = settings.noise_snr_db
    noisy_N1 = (draws[0] < settings.noise_share).float()
    ratio_N1 = 10 ** (-(low_db + (high_db - low_db) * draws[1]) / 20) * noisy_N1
    gain_N1 = 10 ** (settings.gain_db * (2 * draws[2] - 1) / 20)
    tilt_N1 = 1.8 * draws[3] - 0.9
    ratio_N1, gain_N1, tilt_N1 = (x.unsqueeze(1).to(wave_NS.device) for x in (ratio_N1, gain_N1, tilt_N1))
    seed = int(torch.randint(2**62, (), generator=generator))
    own = torch.Generator(wave_NS.device).manual_seed(seed)
    white_NS = torch.randn((len(wave_NS), wave_NS.size(1) + 1), generator=own, device=wave_NS.device)
    noise_NS = (white_NS[:, 1:] + tilt_N1 * white_NS[:, :-1]) / (1 + tilt_N1.square()).sqrt()
    count_N1 = samples_N.clamp(min=1).unsqueeze(1).to(wave_NS.device)
    level_N1 = (wave_NS.square().sum(1, keepdim=True) / count_N1).sqrt()
    louder_NS = (wave_NS + level_N1 * ratio_N1 * noise_NS) * gain_N1
    return louder_NS.clamp(-1, 1) * _inside(samples_N, wave_NS)


def _inside(samples_N: Tensor, wave_NS: Tensor) -> Tensor:
    """mask_NS, bool: true for the samples of a row, false for its padding."""
    places_S = torch.arange(wave_NS.size(1), device=wave_NS.device)
    return places_S < samples_N.to(wave_NS.device).unsqueeze(1)


def mask_stripes(
    features_NFT: Tensor, frames_N: Tensor, *, settings: AugmentSettings, generator: torch.Generator
) -> Tensor:
    """Mask stripes of bins and of frames (SpecAugment, Park et al. 2019).

    Masked places become 0, which is the mean of normalised features.

    Returns:
        features_NFT; at most the share `time_masked_most` of a row's frames is masked.
    """
    rows, bins, frames = features_NFT.shape
    device = features_NFT.device
    if settings.bin_stripes:
        ends_N = torch.full((rows,), bins, device=device)
        widest_N = torch.full((rows,), min(settings.bin_stripe_widest, bins), device=device)
        stripes_NF = _stripes(ends_N, widest_N, settings.bin_stripes, bins, generator)
        features_NFT = features_NFT.masked_fill(stripes_NF.unsqueeze(2), 0.0)
    if settings.time_stripes:
        most_N = (frames_N * settings.time_masked_most / settings.time_stripes).long()
        widest_N = most_N.clamp(max=settings.time_stripe_widest)
        stripes_NT = _stripes(frames_N, widest_N, settings.time_stripes, frames, generator)
        features_NFT = features_NFT.masked_fill(stripes_NT.unsqueeze(1), 0.0)
    return features_NFT


def _stripes(ends_N: Tensor, widest_N: Tensor, count: int, size: int, generator: torch.Generator) -> Tensor:
    """A mask over `size` places: `count` stripes within 0..ends_N, each 0 to widest_N places wide."""
    draws = torch.rand((2, len(ends_N), count), generator=generator).to(ends_N.device)
    widths_NM = (draws[0] * (widest_N.unsqueeze(1) + 1)).long()
    starts_NM = (draws[1] * (ends_N.unsqueeze(1) - widths_NM + 1)).long()
    places = torch.arange(size, device=ends_N.device)
    inside = (places >= starts_NM.unsqueeze(2)) & (places < (starts_NM + widths_NM).unsqueeze(2))
    return inside.any(1)
