import pytest
import torch

from train.data.augment import add_noise, change_speeds, draw_speeds, mask_stripes, stretch
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


def sine(samples, hz):
    return 0.3 * torch.sin(2 * torch.pi * hz * torch.arange(samples) / 16_000)


def waves(*rows):
    lengths = [len(row) for row in rows]
    padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    return padded, torch.tensor(lengths)


@pytest.mark.parametrize("percent", [90, 95, 105, 110])
def test_speed_moves_pitch_and_length_together(percent):
    wave, samples = waves(sine(16_000, 440.0), sine(9_000, 440.0))
    played, changed = change_speeds(wave, samples.tolist(), [percent, 100])
    assert changed.tolist() == [stretch(16_000, percent), 9_000]
    assert played.shape[1] == changed.max()
    expected = sine(stretch(16_000, percent), 440.0 * percent / 100)
    torch.testing.assert_close(
        played[0, 100:-100][: len(expected) - 200], expected[100:-100], atol=2e-2, rtol=0
    )
    torch.testing.assert_close(played[1, :9_000], wave[1, :9_000])
    assert not played[1, 9_000:].any()


def test_speed_of_a_row_does_not_depend_on_its_neighbours():
    rows = sine(8_000, 300.0), sine(5_001, 700.0), sine(16_000, 200.0)
    wave, lengths = waves(*rows)
    together, samples = change_speeds(wave, lengths.tolist(), [110, 90, 110])
    for index, (row, percent) in enumerate(zip(rows, [110, 90, 110], strict=True)):
        alone, (count,) = change_speeds(row.unsqueeze(0), [len(row)], [percent])
        assert count == samples[index]
        torch.testing.assert_close(together[index, :count], alone[0], atol=1e-6, rtol=0)


def test_speeds_are_drawn_from_those_given():
    settings = AugmentSettings(speed_percents=(90, 100, 110))
    drawn = draw_speeds(300, settings, torch.Generator().manual_seed(0))
    assert {90, 100, 110} == set(drawn)
    assert drawn == draw_speeds(300, settings, torch.Generator().manual_seed(0))


def noisy(wave, samples, seed=0, **changes):
    settings = AugmentSettings(**changes)
    return add_noise(wave, samples, settings=settings, generator=torch.Generator().manual_seed(seed))


def test_noise_has_the_ratio_asked_for_and_stays_within_the_row():
    wave, samples = waves(sine(32_000, 440.0), sine(16_000, 440.0))
    found = noisy(wave, samples, noise_share=1.0, noise_snr_db=(12.0, 12.0))
    for row, count in enumerate(samples.tolist()):
        signal, added = wave[row, :count], (found - wave)[row, :count]
        ratio_db = 10 * (signal.square().mean() / added.square().mean()).log10()
        assert ratio_db.item() == pytest.approx(12.0, abs=0.5)
    assert not found[1, 16_000:].any()
    assert torch.equal(found, noisy(wave, samples, noise_share=1.0, noise_snr_db=(12.0, 12.0)))
    assert not torch.equal(found, noisy(wave, samples, 1, noise_share=1.0, noise_snr_db=(12.0, 12.0)))


def test_noise_reaches_its_share_of_the_rows():
    wave, samples = waves(*[sine(1_600, 440.0)] * 200)
    changed = (noisy(wave, samples, noise_share=0.3) != wave).any(1).sum()
    assert 35 < changed < 85


def test_gain_is_bounded_and_clips():
    wave, samples = waves(*[sine(1_600, 440.0)] * 50)
    levels = noisy(wave, samples, gain_db=6.0).abs().amax(1) / wave.abs().amax(1)
    assert levels.min() >= 0.5
    assert levels.max() <= 2.0
    assert levels.std() > 0.2
    assert noisy(4 * wave, samples, gain_db=20.0).abs().max() == 1.0


def test_silence_and_single_samples_stay_finite():
    for wave, samples in (
        waves(torch.zeros(800)),
        waves(torch.ones(1)),
        waves(torch.zeros(0), torch.ones(9)),
    ):
        played, changed = change_speeds(wave, samples.tolist(), [90] * len(samples))
        assert noisy(played, changed, noise_share=1.0, gain_db=20.0).isfinite().all()
