"""One optimiser step: batches to gradients to new weights, or to nothing at all.

Shapes: N batch, S samples, F bins, T frames, L labels, V vocabulary and blank.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.augment import mask_stripes
from train.dataset import Batch
from train.device import seed_of
from train.model import Recogniser
from train.optim import clip_gradients, ctc_losses
from train.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did.

    Attributes:
        loss: Nats for each label, the mean over the step.
        gradient_norm: Before clipping.
        ids: The step's utterances.
        audio_s: Audio of the step, without padding.
        problem: Why the step was skipped; None when it was taken.
    """

    loss: float
    gradient_norm: float
    ids: tuple[str, ...]
    audio_s: float
    problem: str | None = None


class Stepper:
    """Takes steps; every random choice of a step follows from the run's seed and its number."""

    def __init__(
        self, recogniser: Recogniser, optimiser: torch.optim.Optimizer, settings: TrainSettings
    ) -> None:
        self.recogniser = recogniser
        self.optimiser = optimiser
        self.settings = settings
        self.device = next(recogniser.parameters()).device

    def take(self, batches: Sequence[Batch], *, step: int) -> Outcome:
        """Step number `step`, over the gradients of all batches together.

        When the loss or the gradient is not finite, weights, optimiser and batch-norm
        statistics stay as they were.
        """
        torch.manual_seed(seed_of(self.settings.loop.seed, 1, step))
        self.recogniser.train()
        buffers = [buffer.clone() for buffer in self.recogniser.buffers()]
        self.optimiser.zero_grad()
        outcome = self._gradients(batches, step)
        if outcome.problem is None:
            self.optimiser.step()
            return outcome
        for buffer, before in zip(self.recogniser.buffers(), buffers, strict=True):
            buffer.copy_(before)
        return outcome

    def _gradients(self, batches: Sequence[Batch], step: int) -> Outcome:
        ids = tuple(id_ for batch in batches for id_ in (*batch.ids, *batch.unreadable))
        audio_s = sum(int(batch.samples_N.sum()) for batch in batches) / SAMPLE_RATE_HZ
        labels = sum(int(batch.label_counts_N.sum()) for batch in batches)
        if not labels:
            return Outcome(math.nan, math.nan, ids, audio_s, "no utterance could be read")
        total = 0.0
        for number, batch in enumerate(batches):
            if not batch.ids:
                continue
            loss = self._loss(batch, seed_of(self.settings.loop.seed, 2, step, number)) / labels
            total += loss.item()
            if not math.isfinite(total):
                return Outcome(total, math.nan, ids, audio_s, f"the loss is {total}")
            torch.autograd.backward(loss)
        norm = clip_gradients(self.recogniser.parameters(), most=self.settings.optim.clip_norm)
        problem = None if math.isfinite(norm) else f"the gradient's norm is {norm}"
        return Outcome(total, norm, ids, audio_s, problem)

    def _loss(self, batch: Batch, seed: int) -> Tensor:
        """The sum of the rows' CTC losses, in nats."""
        pcm_NS = batch.pcm_NS.to(self.device, non_blocking=True)
        samples_N = batch.samples_N.to(self.device, non_blocking=True)
        features_NFT, frames_N = self.recogniser.features(pcm_NS, samples_N)
        features_NFT = mask_stripes(
            features_NFT,
            frames_N,
            settings=self.settings.augment,
            generator=torch.Generator().manual_seed(seed),
        )
        if not features_NFT.isfinite().all():  # the batch norms must not see it
            return features_NFT.sum()
        log_probs_TNV, _ = self.recogniser.network(features_NFT, frames_N)
        outputs_N = torch.from_numpy(self.recogniser.output_frames(batch.samples_N.numpy()))
        labels_NL = batch.labels_NL.to(self.device, non_blocking=True)
        return ctc_losses(log_probs_TNV, outputs_N, labels_NL, batch.label_counts_N).sum()
