"""What training does to a batch's features. Every choice comes from the generator given.

Shapes: N batch, F mel bins, T frames.
"""

import torch
from torch import Tensor

from train.settings import AugmentSettings


def mask_stripes(
    features_NFT: Tensor, frames_N: Tensor, *, settings: AugmentSettings, generator: torch.Generator
) -> Tensor:
    """SpecAugment (Park et al. 2019) on normalised features: a masked value is the mean, 0.

    Returns:
        features_NFT, in which at most `time_masked_most` of a row's frames are masked.
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
    """`count` stripes of 0 to `widest_N` places within 0..ends_N, as a mask over `size` places."""
    # Drawn on the CPU: the same stripes on every device.
    draws = torch.rand((2, len(ends_N), count), generator=generator).to(ends_N.device)
    widths_NM = (draws[0] * (widest_N.unsqueeze(1) + 1)).long()
    starts_NM = (draws[1] * (ends_N.unsqueeze(1) - widths_NM + 1)).long()
    places = torch.arange(size, device=ends_N.device)
    inside = (places >= starts_NM.unsqueeze(2)) & (places < (starts_NM + widths_NM).unsqueeze(2))
    return inside.any(1)
