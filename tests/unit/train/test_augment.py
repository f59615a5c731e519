import torch

from train.augment import mask_stripes
from train.settings import AugmentSettings

FRAMES = torch.tensor([100, 40])
ONES = torch.ones(2, 16, 100)


def masked(settings, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return mask_stripes(ONES, FRAMES, settings=settings, generator=generator)


def test_off_changes_nothing():
    assert torch.equal(masked(AugmentSettings()), ONES)


def test_time_stripes_stay_within_their_share_of_each_row():
    settings = AugmentSettings(time_stripes=4, time_stripe_widest=50, time_masked_most=0.2)
    for seed in range(20):
        zeros = (masked(settings, seed) == 0).all(1)
        assert zeros[0].sum() <= 20
        assert zeros[1].sum() <= 8
        assert not zeros[1, 40:].any()


def test_bin_stripes_span_all_frames_and_differ_between_rows():
    settings = AugmentSettings(bin_stripes=2, bin_stripe_widest=4)
    zeros = masked(settings) == 0
    assert torch.equal(zeros.any(2), zeros.all(2))
    assert 0 < zeros.any(2).sum(1).max() <= 8
    assert any((a[0] != a[1]).any() for a in (masked(settings, seed) for seed in range(5)))


def test_a_seed_repeats_itself():
    settings = AugmentSettings(bin_stripes=1, time_stripes=1)
    assert torch.equal(masked(settings, 3), masked(settings, 3))
    assert not torch.equal(masked(settings, 3), masked(settings, 4))
