import numpy as np
import pytest
import torch
from torch import nn

from pipeline.contract.vocabulary import KOREAN
from train.features import frame_mask
from train.model import (
    CLIP,
    MaskedBatchNorm,
    Recogniser,
    Recurrent,
    flip_index,
)
from train.settings import FeatureSettings, ModelSettings, TrainSettings


def settings(**model):
    small = {"channels": (4, 6), "kernels": ((11, 7), (7, 5)), "layers": 2, "hidden": 24, "dropout": 0.0}
    return TrainSettings(features=FeatureSettings(mels=24), model=ModelSettings(**(small | model)))


def random_pcm(*lengths):
    pcm = torch.zeros((len(lengths), max(lengths)), dtype=torch.int16)
    generator = torch.Generator().manual_seed(1)
    for row, length in enumerate(lengths):
        pcm[row, :length] = torch.randint(-3000, 3000, (length,), generator=generator)
    return pcm, torch.tensor(lengths)


@pytest.mark.parametrize("time_strides", [(2, 1), (2, 2), (1, 1)])
def test_padding_never_changes_a_rows_log_probabilities(time_strides):
    torch.manual_seed(0)
    recogniser = Recogniser(settings(time_strides=time_strides), KOREAN).eval()
    lengths = (16_000, 9_123, 640, 1)
    pcm, samples = random_pcm(*lengths)
    together, frames = recogniser(pcm, samples)
    for row, length in enumerate(lengths):
        alone, (count,) = recogniser(pcm[row : row + 1, :length], samples[row : row + 1])
        assert count == frames[row] == alone.shape[0]
        torch.testing.assert_close(together[:count, row], alone[:, 0], atol=1e-5, rtol=1e-5)


def test_padding_never_changes_training_statistics_or_gradients():
    pcm, samples = random_pcm(16_000, 9_000)
    wider = torch.nn.functional.pad(pcm, (0, 12_345))
    found = []
    for batch in (pcm, wider):
        torch.manual_seed(0)
        recogniser = Recogniser(settings(), KOREAN).train()
        log_probs, frames = recogniser(batch, samples)
        (log_probs[: frames[0], 0].square().sum() + log_probs[: frames[1], 1].square().sum()).backward()
        found.append([*recogniser.buffers(), *(p.grad for p in recogniser.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=1e-3)


def test_output_frames_foretell_the_frames_of_the_network():
    recogniser = Recogniser(settings(time_strides=(2, 2)), KOREAN).eval()
    lengths = [1, 159, 160, 161, 640, 641, 8_000, 15_999]
    _, frames = recogniser(*random_pcm(*lengths))
    assert frames.tolist() == recogniser.output_frames(np.array(lengths)).tolist()


def test_log_probabilities_are_float32_and_normalised():
    log_probs, _ = Recogniser(settings(), KOREAN).eval()(*random_pcm(8_000))
    assert log_probs.dtype == torch.float32
    assert log_probs.shape[2] == 42
    torch.testing.assert_close(log_probs.exp().sum(2), torch.ones(log_probs.shape[:2]))


def test_bidirectional_gru_equals_packed_sequences():
    torch.manual_seed(0)
    ours = Recurrent(5, 7)
    packed = nn.GRU(5, 7, bidirectional=True)
    for name, parameter in packed.named_parameters():
        half = ours.backwards if name.endswith("_reverse") else ours.forwards
        parameter.data.copy_(half.get_parameter(name.removesuffix("_reverse")))
    x, lengths = torch.randn(20, 3, 5), torch.tensor([20, 13, 1])
    sequence, _ = packed(nn.utils.rnn.pack_padded_sequence(x, lengths))
    expected, _ = nn.utils.rnn.pad_packed_sequence(sequence)
    found = ours(x, flip_index(lengths, 20)) * frame_mask(lengths, 20).t().unsqueeze(2)
    torch.testing.assert_close(found, expected[..., :7] + expected[..., 7:], atol=1e-6, rtol=1e-5)


def test_batch_norm_equals_pytorchs_on_the_real_frames():
    torch.manual_seed(0)
    ours, theirs = MaskedBatchNorm(4, channel_dim=2), nn.BatchNorm1d(4, momentum=1.0)
    x, lengths = 3 + 2 * torch.randn(9, 2, 4), torch.tensor([9, 5])
    inside = frame_mask(lengths, 9).t()
    found = ours.train()(x, inside.unsqueeze(2).float())
    torch.testing.assert_close(found[inside], theirs(x[inside]), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours.mean, theirs.running_mean)
    torch.testing.assert_close(ours.variance, theirs.running_var)
    assert found[~inside].abs().max() == 0


def test_running_statistics_average_the_first_hundred_batches_then_forget_slowly():
    norm = MaskedBatchNorm(1, channel_dim=1).train()
    means = [float(value) for value in range(10)]
    for mean in means:
        norm(torch.full((4, 1), mean), torch.ones(4, 1))
    assert norm.mean.item() == pytest.approx(np.mean(means), rel=1e-5)
    norm.batches.fill_(1e6)
    norm(torch.full((4, 1), 104.5), torch.ones(4, 1))
    assert norm.mean.item() == pytest.approx(4.5 + 1.0, rel=1e-4)


def test_activations_are_clipped_at_twenty():
    recogniser = Recogniser(settings(), KOREAN).eval()
    convolution = recogniser.network.convolutions[0]
    convolution.norm.bias.data.fill_(100.0)
    y, _ = convolution(torch.randn(1, 1, 24, 30), torch.tensor([30]))
    assert y.max() == CLIP
