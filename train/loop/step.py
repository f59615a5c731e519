"""One optimiser step: batches to gradients to new weights, or no change at all.

Shapes: N batch, S samples, F bins, T frames, L labels, V vocabulary and blank.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler

from pipeline.contract.errors import MissingResource
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.data.augment import NORMAL_SPEED, add_noise, change_speeds, draw_speeds, mask_stripes, stretch
from train.data.dataset import Batch
from train.loop.distributed import ALONE, Ranks, sum_over_ranks
from train.loop.optim import clip_gradients, ctc_losses
from train.model.deepspeech2 import Recogniser
from train.model.features import to_wave
from train.settings import TrainSettings

HALF: Final = {"bf16": torch.bfloat16, "fp16": torch.float16}
FIRST_SCALE: Final = 2.0**12  # of the fp16 loss; it doubles every 2,000 steps and halves at an overflow
ZERO: Final = torch.zeros(1, dtype=torch.int64)
# Stands in for an empty batch: a rank with no rows still takes part in the sums over ranks.
SILENCE: Final = Batch(("",), torch.zeros((1, 1), dtype=torch.int16), ZERO, ZERO.view(1, 1), ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step did.

    Attributes:
        loss: Nats per label, averaged over the step.
        gradient_norm: The norm before clipping.
        ids: This rank's utterances of the step.
        audio_s: Seconds of audio on all ranks together, without padding.
        problem: Why the step was skipped; None if it was taken.
    """

    loss: float
    gradient_norm: float
    ids: tuple[str, ...]
    audio_s: float
    problem: str | None = None


class Stepper:
    """Takes steps. The random choices of a step depend only on the run's seed and the step's number."""

    def __init__(
        self,
        recogniser: Recogniser,
        optimiser: torch.optim.Optimizer,
        settings: TrainSettings,
        ranks: Ranks = ALONE,
    ) -> None:
        self.recogniser = recogniser
        self.optimiser = optimiser
        self.settings = settings
        self.ranks = ranks
        self.device = next(recogniser.parameters()).device
        self.network = ranks.wrap(recogniser.network)
        precision = settings.optim.precision
        self.scaler = GradScaler(self.device.type, enabled=precision == "fp16", init_scale=FIRST_SCALE)
        self._autocast = torch.autocast(
            self.device.type, HALF.get(precision, torch.bfloat16), enabled=precision in HALF
        )

    def take(self, batches: Sequence[Batch], *, step: int) -> StepResult:
        """Take step number `step` with the summed gradients of all batches on all ranks.

        When the features, the loss or the gradients are not finite, the step is skipped: weights,
        optimiser and batch-norm statistics stay as they were.
        """
        ids = tuple(id_ for batch in batches for id_ in (*batch.ids, *batch.unreadable))
        audio_s, labels = self._count(batches)
        if not labels:
            return StepResult(math.nan, math.nan, ids, audio_s, "no utterance could be read")
        buffers = self._begin()
        loss, norm, problem = self._gradients(batches, labels, step)
        if problem is None:
            self.scaler.step(self.optimiser)
        else:
            self._undo(buffers)
        self.scaler.update()
        return StepResult(loss, norm, ids, audio_s, problem)

    def probe_memory(self, batch: Batch) -> None:
        """Compute the gradients of a batch and discard them, to find out whether they fit into memory.

        Raises:
            MissingResource: They do not.
        """
        if not batch.ids:
            return
        buffers, scale = self._begin(), self.scaler.state_dict()
        try:
            self._gradients([batch], 1.0, 0)
        except torch.OutOfMemoryError as error:
            raise MissingResource(
                f"the largest batch ({len(batch.ids)} rows, {batch.pcm_NS.numel() / SAMPLE_RATE_HZ:.0f} s,"
                f" padding included) does not fit into the GPU's memory; lower batching.budget_s: {error}"
            ) from error
        self._undo(buffers)
        self.scaler.update()
        self.scaler.load_state_dict(scale)

    def _count(self, batches: Sequence[Batch]) -> tuple[float, float]:
        """Seconds of audio and number of labels in all ranks' batches."""
        samples = sum(int(batch.samples_N.sum()) for batch in batches)
        labels = sum(int(batch.label_counts_N.sum()) for batch in batches)
        counts = torch.tensor([samples, labels], device=self.device if self.ranks.count > 1 else None)
        total_samples, total_labels = sum_over_ranks(counts).tolist()
        return total_samples / SAMPLE_RATE_HZ, total_labels

    def _begin(self) -> list[Tensor]:
        self.recogniser.train()
        self.optimiser.zero_grad()
        return [buffer.clone() for buffer in self.recogniser.buffers()]

    def _undo(self, buffers: list[Tensor]) -> None:
        self.optimiser.zero_grad()
        for buffer, before in zip(self.recogniser.buffers(), buffers, strict=True):
            buffer.copy_(before)

    def _gradients(
        self, batches: Sequence[Batch], labels: float, step: int
    ) -> tuple[float, float, str | None]:
        """The loss, the gradient norm, and what is wrong with them, if anything."""
        seed_for, rank = self.settings.loop.seed_for, self.ranks.rank
        torch.manual_seed(seed_for(1, step, rank))  # of dropout
        totals = torch.zeros(2, device=self.device)
        for number, batch in enumerate(batches):
            last = number == len(batches) - 1
            with nullcontext() if last else self.ranks.accumulating(self.network):
                loss, bad = self._loss(batch, seed_for(2, step, number, rank))
                totals += torch.stack([loss.detach() / labels, bad])
                # Gradients are averaged over ranks, but the step's loss is a sum over them.
                torch.autograd.backward(self.scaler.scale(loss * (self.ranks.count / labels)))
        self.scaler.unscale_(self.optimiser)
        norm = clip_gradients(self.recogniser.parameters(), most=self.settings.optim.clip_norm)
        # The only place where the program waits for the device.
        total, bad_batches, norm_ = torch.cat([sum_over_ranks(totals), norm.view(1)]).tolist()
        return total, norm_, _problem(total, norm_, bad_batches)

    def _loss(self, batch: Batch, seed: int) -> tuple[Tensor, Tensor]:
        """The sum of the rows' CTC losses, in nats, and a flag: 1 if the features are not finite."""
        features_NFT, frames_N, samples_N = self._features(batch, torch.Generator().manual_seed(seed))
        with self._autocast:
            log_probs_TNV, _ = self.network(features_NFT, frames_N)
        bad = (~features_NFT.sum().isfinite()).float()
        if not batch.ids:  # its gradient is 0, but the other ranks wait for it
            return log_probs_TNV.sum() * 0, bad
        outputs_N = torch.from_numpy(self.recogniser.output_frames(samples_N.numpy()))
        labels_NL = batch.labels_NL.to(self.device, non_blocking=True)
        return ctc_losses(log_probs_TNV, outputs_N, labels_NL, batch.label_counts_N).sum(), bad

    def _features(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Augmented features_NFT and frames_N on the device, and samples_N on the CPU."""
        if not batch.ids:
            batch = SILENCE
        settings = self.settings.augment
        wave_NS = to_wave(batch.pcm_NS.to(self.device, non_blocking=True))
        wave_NS, samples_N = change_speeds(wave_NS, batch.samples_N.tolist(), self._speeds(batch, generator))
        if settings.noise_share or settings.gain_db:
            wave_NS = add_noise(wave_NS, samples_N, settings=settings, generator=generator)
        features_NFT, frames_N = self.recogniser.features(wave_NS, samples_N.to(self.device))
        masked_NFT = mask_stripes(features_NFT, frames_N, settings=settings, generator=generator)
        return masked_NFT, frames_N, samples_N

    def _speeds(self, batch: Batch, generator: torch.Generator) -> list[int]:
        """A speed for each row; the normal one where the labels would not fit into the faster row."""
        drawn = draw_speeds(len(batch.samples_N), self.settings.augment, generator)
        samples = zip(batch.samples_N.tolist(), drawn, strict=True)
        played = np.array([stretch(count, percent) for count, percent in samples])
        fits = self.recogniser.output_frames(played) >= batch.needed_frames_N.numpy()
        return [percent if fit else NORMAL_SPEED for percent, fit in zip(drawn, fits, strict=True)]


def _problem(loss: float, norm: float, bad_batches: float) -> str | None:
    if bad_batches:
        return "the features are not finite"
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    return None if math.isfinite(norm) else f"the gradient's norm is {norm}"
