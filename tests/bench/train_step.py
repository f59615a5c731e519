# ruff: noqa: N803, N806 - tensors carry a capital shape suffix
"""A training step of ours against plain PyTorch's, both on one core, in the same run.

    python tests/bench/train_step.py

`Plain` is DeepSpeech2 as open projects write it: convolutions in which a mask is built row by
row after every operation, batch norms over all frames with padding, `pack_padded_sequence`
around every bidirectional GRU, a plain AdamW. It has our weights and, without padding in its
statistics, our loss: that is checked before anything is timed.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from train.loop.optim import clip_gradients, ctc_losses, make_optimiser
from train.model.deepspeech2 import DeepSpeech2, Recurrent, flip_index
from train.settings import ModelSettings, OptimSettings

BINS, CLASSES, FRAMES_A_SECOND, PHONES_A_SECOND = 80, 42, 100, 11
SIZES = {
    "2 x 256, stride 4": ModelSettings(layers=2, hidden=256, time_strides=(2, 2), dropout=0.0),
    "3 x 512, stride 2": ModelSettings(layers=3, hidden=512, time_strides=(2, 1), dropout=0.0),
}
LENGTHS_S = [6.0 + 0.25 * row for row in range(16)]  # rows as a random order brings them together


class Plain(nn.Module):
    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        channels, bins = 1, BINS
        for outputs, kernel, *strides in zip(
            settings.channels, settings.kernels, settings.bin_strides, settings.time_strides, strict=True
        ):
            padding = (kernel[0] // 2, kernel[1] // 2)
            conv = nn.Conv2d(channels, outputs, kernel, tuple(strides), padding, bias=False)
            self.convolutions.append(nn.ModuleList([conv, nn.BatchNorm2d(outputs), nn.Hardtanh(0, 20)]))
            channels, bins = outputs, -(-bins // strides[0])
        width = channels * bins
        self.rnns = nn.ModuleList(
            nn.GRU(width if layer == 0 else settings.hidden, settings.hidden, bidirectional=True)
            for layer in range(settings.layers)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(settings.hidden) for _ in range(settings.layers))
        self.fc = nn.Linear(settings.hidden, CLASSES)

    def forward(self, features_NFT: Tensor, frames_N: Tensor) -> tuple[Tensor, Tensor]:
        x = features_NFT.unsqueeze(1)
        for block in self.convolutions:
            for module in block:
                x = module(x)
                if isinstance(module, nn.Conv2d):
                    frames_N = (frames_N - 1) // module.stride[1] + 1
                mask = torch.zeros(x.size(), dtype=torch.bool)
                for row, length in enumerate(frames_N):
                    padding = mask[row].size(2) - length.item()
                    if padding > 0:
                        mask[row].narrow(2, length.item(), padding).fill_(1)
                x = x.masked_fill(mask, 0)
        x = x.view(x.size(0), -1, x.size(3)).permute(2, 0, 1).contiguous()
        for rnn, norm in zip(self.rnns, self.norms, strict=True):
            packed = nn.utils.rnn.pack_padded_sequence(x, frames_N.cpu(), enforce_sorted=False)
            x, _ = nn.utils.rnn.pad_packed_sequence(rnn(packed)[0], total_length=x.size(0))
            x = x.view(x.size(0), x.size(1), 2, -1).sum(2)
            x = norm(x.view(-1, x.size(2))).view(x.shape)
        return self.fc(x).log_softmax(2), frames_N

    def take_weights(self, ours: DeepSpeech2) -> None:
        """Copy our weights, so that both compute the same function."""
        norms = [*(convolution.norm for convolution in ours.convolutions), *ours.norms]
        for theirs, own in zip([*(block[1] for block in self.convolutions), *self.norms], norms, strict=True):
            theirs.load_state_dict(
                {
                    "weight": own.weight,
                    "bias": own.bias,
                    "running_mean": own.mean,
                    "running_var": own.variance,
                }
                | {"num_batches_tracked": torch.tensor(0)}
            )
        for block, convolution in zip(self.convolutions, ours.convolutions, strict=True):
            block[0].load_state_dict(convolution.conv.state_dict())
        for rnn, layer in zip(self.rnns, ours.layers, strict=True):
            back = {f"{name}_reverse": value for name, value in layer.backwards.state_dict().items()}
            rnn.load_state_dict(layer.forwards.state_dict() | back)
        self.fc.load_state_dict(ours.classifier[0].state_dict())


def make_batch(lengths_s: list[float]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    frames_N = torch.tensor([int(length * FRAMES_A_SECOND) for length in lengths_s])
    counts_N = torch.tensor([int(length * PHONES_A_SECOND) for length in lengths_s])
    features_NFT = torch.randn((len(lengths_s), BINS, int(frames_N.max())), generator=generator)
    features_NFT *= torch.arange(features_NFT.size(2)) < frames_N[:, None, None]
    labels_NL = torch.randint(1, CLASSES, (len(lengths_s), int(counts_N.max())), generator=generator)
    return features_NFT, frames_N, labels_NL, counts_N


def loss_of(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    features_NFT, frames_N, labels_NL, counts_N = batch
    log_probs_TNV, outputs_N = model(features_NFT, frames_N)
    return ctc_losses(log_probs_TNV, outputs_N, labels_NL, counts_N).sum() / counts_N.sum()


def step_of(
    model: nn.Module, optimiser: torch.optim.Optimizer, batch: tuple[Tensor, ...]
) -> Callable[[], None]:
    def step() -> None:
        optimiser.zero_grad()
        loss_of(model, batch).backward()
        clip_gradients(model.parameters(), most=1.0)
        optimiser.step()

    return step


def best_s(work: Callable[[], object], rounds: int = 2) -> float:
    work()
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def compare_steps() -> None:
    batch = make_batch(LENGTHS_S)
    print("| size | loss, plain | loss, ours | plain, s | ours, s | faster |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, settings in SIZES.items():
        torch.manual_seed(0)
        ours, plain = DeepSpeech2(settings, bins=BINS, classes=CLASSES), Plain(settings)
        loss_of(ours.train(), batch)  # running statistics that are not those of a fresh model
        plain.take_weights(ours)
        with torch.no_grad():
            losses = [loss_of(model.eval(), batch).item() for model in (plain, ours)]
        assert abs(losses[0] - losses[1]) < 1e-4 * losses[1], losses
        plain_s = best_s(step_of(plain.train(), torch.optim.AdamW(plain.parameters(), lr=1e-4), batch))
        ours_s = best_s(step_of(ours.train(), make_optimiser(ours, OptimSettings(learning_rate=1e-4)), batch))
        print(
            f"| {name} | {losses[0]:.5f} | {losses[1]:.5f} | {plain_s:.2f} | {ours_s:.2f} |"
            f" {plain_s / ours_s:.2f}x |"
        )


def compare_gru() -> None:
    print("\n| bidirectional GRU, forward and backward | packed, s | ours, s | faster |")
    print("| --- | ---: | ---: | ---: |")
    for rows, frames, hidden in ((16, 244, 256), (16, 488, 512), (32, 488, 512)):
        lengths_N = torch.linspace(0.6 * frames, frames, rows).long()
        x_TNH = torch.randn(frames, rows, hidden, requires_grad=True)
        ours, packed = Recurrent(hidden, hidden), nn.GRU(hidden, hidden, bidirectional=True)
        index = flip_index(lengths_N, frames)

        def run_packed(packed: nn.GRU = packed, x_TNH: Tensor = x_TNH, lengths_N: Tensor = lengths_N) -> None:
            rows = nn.utils.rnn.pack_padded_sequence(x_TNH, lengths_N, enforce_sorted=False)
            nn.utils.rnn.pad_packed_sequence(packed(rows)[0])[0].sum().backward()

        def run_ours(ours: Recurrent = ours, x_TNH: Tensor = x_TNH, index: Tensor = index) -> None:
            ours(x_TNH, index).sum().backward()

        packed_s, ours_s = best_s(run_packed), best_s(run_ours)
        shape = f"{rows} rows, {frames} frames, {hidden} wide"
        print(f"| {shape} | {packed_s:.2f} | {ours_s:.2f} | {packed_s / ours_s:.2f}x |")


def show_scaling() -> None:
    settings = SIZES["2 x 256, stride 4"]
    model = DeepSpeech2(settings, bins=BINS, classes=CLASSES).train()
    optimiser = make_optimiser(model, OptimSettings(learning_rate=1e-4))
    print("\n| rows | seconds each | step, s | CPU-ms for each second of audio |")
    print("| ---: | ---: | ---: | ---: |")
    for rows, length_s in (
        (1, 6),
        (2, 6),
        (4, 6),
        (8, 6),
        (16, 6),
        (32, 6),
        (8, 2),
        (8, 4),
        (8, 12),
        (8, 24),
    ):
        step_s = best_s(step_of(model, optimiser, make_batch([float(length_s)] * rows)))
        print(f"| {rows} | {length_s} | {step_s:.2f} | {1000 * step_s / (rows * length_s):.1f} |")


if __name__ == "__main__":
    torch.set_num_threads(1)
    compare_steps()
    compare_gru()
    show_scaling()
