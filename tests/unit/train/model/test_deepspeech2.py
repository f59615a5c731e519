import numpy as np
import pytest
import torch
from torch import nn

from pipeline.contract.vocabulary import KOREAN
from train.model.deepspeech2 import CLIP, Recogniser, Recurrent, flip_index
from train.model.features import frame_mask
from train.model.gru import run_gru
from train.model.norm import MaskedBatchNorm, _Normalise
from train.settings import PRESETS, FeatureSettings, ModelSettings, TrainSettings, read_settings


def settings(**model):
    small = {"channels": (4, 6), "kernels": ((11, 7), (7, 5)), "layers": 2, "hidden": 24, "dropout": 0.0}
    return TrainSettings(features=FeatureSettings(mels=24), model=ModelSettings(**(small | model)))


def random_pcm(*lengths):
    pcm = torch.zeros((len(lengths), max(lengths)), dtype=torch.int16)
    generator = torch.Generator().manual_seed(1)
    for row, length in enumerate(lengths):
        pcm[row, :length] = torch.randint(-3000, 3000, (length,), generator=generator)
    return pcm, torch.tensor(lengths)


KINDS = {
    "stride 2": {"time_strides": (2, 1)},
    "stride 4": {"time_strides": (2, 2)},
    "streaming": {"bidirectional": False, "lookahead": 5, "cell": "lstm"},
    "lstm": {"cell": "lstm", "classifier": (16,)},
    "blstm": {"channels": (), "kernels": (), "bin_strides": (), "time_strides": (), "embeddings": (20, 16)},
}


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.toml")))
def test_every_preset_pads_without_a_trace(preset):
    shrunk = ["model.hidden=8", "model.layers=2"]
    recogniser = Recogniser(read_settings(preset, shrunk), KOREAN).eval()
    assert_padding_changes_nothing(recogniser)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("normalise", ["utterance", "corpus"])
def test_padding_never_changes_a_rows_log_probabilities(kind, normalise):
    made = settings(**KINDS[kind])
    features = made.features.model_copy(update={"normalise": normalise})
    recogniser = Recogniser(made.model_copy(update={"features": features}), KOREAN).eval()
    assert_padding_changes_nothing(recogniser)


def assert_padding_changes_nothing(recogniser):
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


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_both_directions_equal_packed_sequences(cell):
    """Equal outputs, and equal gradients of the input and of every weight."""
    torch.manual_seed(0)
    ours = Recurrent(5, 7, cell=cell)
    packed = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](5, 7, bidirectional=True)
    halves = {name: own_parameter(ours, name) for name, _ in packed.named_parameters()}
    for name, parameter in packed.named_parameters():
        parameter.data.copy_(halves[name])
    x, lengths = torch.randn(20, 3, 5, requires_grad=True), torch.tensor([20, 13, 1])
    sequence, _ = packed(nn.utils.rnn.pack_padded_sequence(x, lengths))
    theirs, _ = nn.utils.rnn.pad_packed_sequence(sequence)
    expected = theirs[..., :7] + theirs[..., 7:]
    found = ours(x, flip_index(lengths, 20)) * frame_mask(lengths, 20).t().unsqueeze(2)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    weights = torch.randn_like(found)
    found_gradients = torch.autograd.grad((found * weights).sum(), [x, *halves.values()])
    expected_gradients = torch.autograd.grad((expected * weights).sum(), [x, *packed.parameters()])
    torch.testing.assert_close(found_gradients, expected_gradients, atol=1e-5, rtol=1e-5)


def own_parameter(layer, name):
    """Our parameter of the name that torch's bidirectional layer gives it."""
    half = layer.backwards if name.endswith("_reverse") else layer.forwards
    return half.get_parameter(name.removesuffix("_reverse"))


def test_the_grus_gradients_are_those_of_torchs_to_the_last_digits():
    torch.manual_seed(0)
    layers = [nn.GRU(4, 6).double(), nn.GRU(4, 6).double()]
    inputs = [torch.randn(9, 3, 4, dtype=torch.double, requires_grad=True) for _ in layers]
    weights = [torch.randn(9, 3, 6, dtype=torch.double) for _ in layers]
    sought = [*inputs, *(parameter for layer in layers for parameter in layer.parameters())]

    def gradients(outputs):
        return torch.autograd.grad(sum((y * w).sum() for y, w in zip(outputs, weights, strict=True)), sought)

    expected = gradients([layer(x)[0] for layer, x in zip(layers, inputs, strict=True)])
    torch.testing.assert_close(gradients(run_gru(layers, inputs)), expected, atol=1e-12, rtol=1e-12)


def test_the_gru_keeps_its_state_in_float32_under_autocast():
    torch.manual_seed(0)
    layer, x = nn.GRU(8, 16), torch.randn(40, 2, 8)
    expected = torch.autograd.grad(run_gru([layer], [x])[0].square().sum(), list(layer.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        (found,) = run_gru([layer], [x.bfloat16()])
    assert found.dtype == torch.float32
    for one, other in zip(
        torch.autograd.grad(found.square().sum(), list(layer.parameters())), expected, strict=True
    ):
        assert one.dtype == torch.float32
        assert (one - other).norm() < 0.03 * other.norm()


def test_one_direction_sees_no_further_than_its_lookahead():
    recogniser = Recogniser(settings(**KINDS["streaming"]), KOREAN).eval()
    features = torch.randn(1, 24, 80)
    changed = features.clone()
    changed[:, :, 60:] += 1.0
    one, other = (recogniser.network(x, torch.tensor([80]))[0][:, 0] for x in (features, changed))
    context = 3 + 2 * 2 + 2 * 5  # of the convolutions and of the look-ahead, in feature frames
    differs = (one - other).abs().amax(1) > 1e-6
    assert not differs[: (60 - context) // 2].any()
    assert differs[30 - 5 :].all()


def test_padding_of_a_batch_without_frames_leaves_the_statistics():
    norm = MaskedBatchNorm(2, channel_dim=2).train()
    norm(torch.randn(3, 1, 2), torch.zeros(3, 1, 1))
    assert norm.batches == 0
    assert norm.variance.tolist() == [1.0, 1.0]


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


@pytest.mark.parametrize(("shape", "channel_dim"), [((9, 2, 4), 2), ((2, 4, 3, 9), 1)])
def test_the_written_out_gradient_is_right(shape, channel_dim):
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    inside = frame_mask(torch.tensor([9, 5]), 9).double()
    mask = inside.t().unsqueeze(2) if channel_dim == 2 else inside[:, None, None]
    weight, bias = (torch.randn(4, dtype=torch.float64, requires_grad=True) for _ in range(2))

    def normalise(x, weight, bias):
        return _Normalise.apply(x, mask, weight, bias, channel_dim)[0]

    assert torch.autograd.gradcheck(normalise, (x, weight, bias))


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
