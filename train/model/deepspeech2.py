"""DeepSpeech2 (Amodei et al. 2015, arXiv:1512.02595): features to log-probabilities.

Shapes: N batch, S samples, F bins, T frames, C channels, H hidden, V vocabulary and blank.

One law holds throughout: padding never changes a row's output. Every layer sees zeros beyond a
row's frames, statistics cover real frames only, and the backward direction starts at each row's
own last frame.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pipeline.contract.vocabulary import Vocabulary
from train.model.features import Features, frame_mask, to_wave
from train.model.gru import run_gru
from train.model.norm import MaskedBatchNorm
from train.settings import ModelSettings, TrainSettings

Shape = tuple[int, ...]

CLIP: Final = 20.0


def clipped_relu(x: Tensor) -> Tensor:
    """The paper's min(max(x, 0), 20), whose backward pass is four times as fast as that of `clamp`."""
    return nn.functional.hardtanh(x, 0.0, CLIP)


class Convolution(nn.Module):
    """A convolution over bins and frames, batch normalisation, clipped ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int]) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm = MaskedBatchNorm(outputs, channel_dim=1)
        self.stride = stride[1]

    def forward(self, x_NCFT: Tensor, frames_N: Tensor) -> tuple[Tensor, Tensor]:
        """The output y_NCFT and its frames_N; bins and frames are divided by the strides, rounded up."""
        y_NCFT = self.conv(x_NCFT)
        frames_N = -(-frames_N // self.stride)
        mask_N11T = frame_mask(frames_N, y_NCFT.size(3))[:, None, None, :].to(y_NCFT.dtype)
        # The norm sets padding to zero, and the clipped ReLU keeps it there.
        return clipped_relu(self.norm(y_NCFT, mask_N11T)), frames_N


class Pointwise(nn.Module):
    """A linear layer on every frame, batch normalisation, clipped ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = MaskedBatchNorm(outputs, channel_dim=2)

    def forward(self, x_TNH: Tensor, mask_TN1: Tensor) -> Tensor:
        """Map each frame; padding stays zero."""
        return clipped_relu(self.norm(self.linear(x_TNH), mask_TN1))


class Recurrent(nn.Module):
    """A GRU or LSTM in one direction, or in both with their outputs added (the paper's equation 8).

    Two one-directional passes, with each row reversed within its own length for the second, give
    what `pack_padded_sequence` gives, without waiting for the device to report the lengths.
    """

    def __init__(self, inputs: int, hidden: int, *, cell: str = "gru", bidirectional: bool = True) -> None:
        super().__init__()
        layer = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.forwards = layer(inputs, hidden)
        self.backwards = layer(inputs, hidden) if bidirectional else None

    def forward(self, x_TNH: Tensor, flip_TN1: Tensor) -> Tensor:
        """The output of every frame; that of padding is meaningless."""
        if self.backwards is None:
            return _run_layers([self.forwards], [x_TNH])[0]
        inputs = [x_TNH, flip_rows(x_TNH, flip_TN1)]
        ahead_TNH, back_TNH = _run_layers([self.forwards, self.backwards], inputs)
        return ahead_TNH + flip_rows(back_TNH, flip_TN1)


def _run_layers(layers: list[nn.GRU] | list[nn.LSTM], x_TNH: list[Tensor]) -> Sequence[Tensor]:
    """Each layer's output for its own input; GRUs on a CPU run our code, everything else torch's."""
    grus = [layer for layer in layers if isinstance(layer, nn.GRU)]
    if grus and x_TNH[0].device.type == "cpu":
        return run_gru(grus, x_TNH)
    return [layer(x)[0] for layer, x in zip(layers, x_TNH, strict=True)]


def flip_index(frames_N: Tensor, frames: int) -> Tensor:
    """index_TN1 that reverses each row within its own frames, and is its own inverse."""
    time_T1 = torch.arange(frames, device=frames_N.device).unsqueeze(1)
    return torch.where(time_T1 < frames_N, frames_N - 1 - time_T1, time_T1).unsqueeze(2)


def flip_rows(x_TNH: Tensor, flip_TN1: Tensor) -> Tensor:
    """`x_TNH` with each row reversed; `flip_TN1` comes from `flip_index`."""
    return x_TNH.gather(0, flip_TN1.expand(-1, -1, x_TNH.size(2)))


class LookAhead(nn.Module):
    """A convolution of each channel over the next frames (Wang et al. 2016), for networks that stream."""

    def __init__(self, hidden: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.conv = nn.Conv1d(hidden, hidden, frames + 1, groups=hidden, bias=False)

    def forward(self, x_TNH: Tensor) -> Tensor:
        """Convolve each frame with the `frames` frames after it; beyond the end they are zero."""
        x_NHT = nn.functional.pad(x_TNH.permute(1, 2, 0), (0, self.frames))
        return clipped_relu(self.conv(x_NHT).permute(2, 0, 1))


class DeepSpeech2(nn.Module):
    """Convolutions, recurrent layers with sequence-wise batch norm, a classifier.

    Only the recurrent layers are required. With pointwise layers instead of convolutions it is a
    BLSTM recogniser; with one direction and a look-ahead it can stream.
    """

    def __init__(self, settings: ModelSettings, *, bins: int, classes: int) -> None:
        super().__init__()
        channels = (1, *settings.channels)
        strides = tuple(zip(settings.bin_strides, settings.time_strides, strict=True))
        self.convolutions = nn.ModuleList(
            Convolution(inputs, outputs, kernel, stride)
            for inputs, outputs, kernel, stride in zip(
                channels, settings.channels, settings.kernels, strides, strict=False
            )
        )
        for stride in settings.bin_strides:
            bins = -(-bins // stride)
        widths = (channels[-1] * bins, *settings.embeddings)
        self.embeddings = nn.ModuleList(Pointwise(*pair) for pair in pairwise(widths))
        hidden = settings.hidden
        inputs = [widths[-1], *[hidden] * (settings.layers - 1)]
        self.layers = nn.ModuleList(
            Recurrent(size, hidden, cell=settings.cell, bidirectional=settings.bidirectional)
            for size in inputs
        )
        self.norms = nn.ModuleList(MaskedBatchNorm(hidden, channel_dim=2) for _ in inputs)
        self.lookahead = LookAhead(hidden, settings.lookahead) if settings.lookahead else nn.Identity()
        self.dropout = nn.Dropout(settings.dropout)
        hiddens = [
            layer
            for pair in pairwise((hidden, *settings.classifier))
            for layer in (nn.Linear(*pair), nn.ReLU(), nn.Dropout(settings.dropout))
        ]
        last = (hidden, *settings.classifier)[-1]
        self.classifier = nn.Sequential(*hiddens, nn.Linear(last, classes))

    def forward(self, features_NFT: Tensor, frames_N: Tensor) -> tuple[Tensor, Tensor]:
        """The log-probabilities of the symbols in each output frame.

        Returns:
            log_probs_TNV, float32, and the output frames_N of each row.
        """
        x_NCFT = features_NFT.unsqueeze(1)
        for convolution in self.convolutions:
            x_NCFT, frames_N = convolution(x_NCFT, frames_N)
        x_TNH = x_NCFT.flatten(1, 2).permute(2, 0, 1)
        flip_TN1 = flip_index(frames_N, x_TNH.size(0))
        mask_TN1 = frame_mask(frames_N, x_TNH.size(0)).t().unsqueeze(2).to(x_TNH.dtype)
        for embedding in self.embeddings:
            x_TNH = embedding(x_TNH, mask_TN1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x_TNH = self.dropout(norm(layer(x_TNH, flip_TN1), mask_TN1))
        return self.classifier(self.lookahead(x_TNH)).float().log_softmax(2), frames_N

    def compile_norms(self) -> None:
        """Fuse the elementwise operations of the batch norms; the rest is vendors' kernels already."""
        for part in self.modules():
            if isinstance(part, MaskedBatchNorm):
                part.compile(dynamic=True)


class Recogniser(nn.Module):
    """From samples to log-probabilities: the features and the network trained on them."""

    def __init__(self, settings: TrainSettings, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.settings = settings
        self.vocabulary = vocabulary
        self.features = Features(settings.features)
        self.network = DeepSpeech2(
            settings.model, bins=settings.features.bins, classes=vocabulary.num_classes
        )

    def forward(self, pcm_NS: Tensor, samples_N: Tensor) -> tuple[Tensor, Tensor]:
        """log_probs_TNV and output frames_N of a zero-padded int16 batch."""
        log_probs_TNV, frames_N = self.network(*self.features(to_wave(pcm_NS), samples_N))
        return log_probs_TNV, frames_N

    def features_and_output(self, pcm_NS: Tensor, samples_N: Tensor) -> tuple[Tensor, Tensor]:
        """features_NFT and log_probs_TNV of a batch, for pictures of them."""
        features_NFT, frames_N = self.features(to_wave(pcm_NS), samples_N)
        return features_NFT, self.network(features_NFT, frames_N)[0]

    def output_frames(self, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The number of output frames for each length; each frame holds at most one CTC symbol."""
        frames = self.features.frames(samples)
        for stride in self.settings.model.time_strides:
            frames = -(-frames // stride)
        return frames

    def parameter_count(self) -> int:
        """The number of trained parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    def for_inference(self, device: torch.device) -> Self:
        """The same recogniser on `device`, in evaluation mode."""
        return self.to(device).eval()


def layout_of(settings: TrainSettings, *, classes: int) -> tuple[dict[str, Shape], list[Shape]]:
    """The shapes of a recogniser's weights and statistics, and of its parameters in order.

    The network is built on torch's device without memory: its size can be known before it is there.
    """
    with torch.device("meta"):
        network = DeepSpeech2(settings.model, bins=settings.features.bins, classes=classes)
    shapes = {f"network.{name}": tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    if settings.features.normalise == "corpus":
        shapes |= dict.fromkeys(("features.mean_F1", "features.deviation_F1"), (settings.features.bins, 1))
    return shapes, [tuple(parameter.shape) for parameter in network.parameters()]
