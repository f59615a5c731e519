"""What a run trains on: the usable rows, the model, the plan of every epoch."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.contract.errors import InputRejected
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.data.augment import SampleCount, stretch
from train.data.batching import (
    LeftOut,
    RowIndices,
    StepPlan,
    padded_samples,
    plan_epoch,
    rows_that_fit,
    select_trainable,
    weigh_rows,
)
from train.data.dataset import Batch, Utterances
from train.data.sources import ShardSource
from train.model.deepspeech2 import Recogniser
from train.model.features import to_wave
from train.settings import TrainSettings

SAMPLED_ROWS: Final = 1_000  # for the corpus statistics of the features: about an hour of speech
MEASURED_S: Final = 4
FLOATS_PER_PARAMETER: Final = 4  # the weight, its gradient, two moments of Adam


@dataclass(frozen=True, slots=True)
class TrainingSetup:
    """A run before its first step; all of it follows from the manifests and the settings."""

    sources: list[ShardSource]
    settings: TrainSettings
    recogniser: Recogniser
    utterances: Utterances
    rows: RowIndices
    left_out: list[LeftOut]
    valid: Utterances
    ranks: int = 1

    def plan(self, epoch: int) -> list[StepPlan]:
        """The steps of an epoch, for all ranks together."""
        seed, batching = self.settings.loop.seed, self.settings.batching
        rows = self.rows
        if batching.weights:
            weights = np.asarray(batching.weights)[self.utterances.source_R[list(rows)]]
            rows = weigh_rows(rows, weights, seed=seed, epoch=epoch)
        return plan_epoch(
            rows,
            self._longest_played(self.utterances.samples_R),
            settings=batching,
            seed=seed,
            epoch=epoch,
            batches_per_step=self.settings.optim.accumulate,
            ranks=self.ranks,
        )

    def largest_batch(self) -> Batch:
        """A batch of copies of the longest row, as many as the budget allows: no batch needs more memory."""
        row = self.rows[int(np.argmax(self.utterances.samples_R[list(self.rows)]))]
        longest = self._longest_played(int(self.utterances.samples_R[row]))
        batch = self.utterances.collate([row] * rows_that_fit(longest, self.settings.batching))
        missing = longest - batch.pcm_NS.size(1)
        return replace(
            batch,
            pcm_NS=nn.functional.pad(batch.pcm_NS, (0, missing)),
            samples_N=batch.samples_N + missing,
        )

    def _longest_played(self, samples: SampleCount) -> SampleCount:
        """Lengths at the slowest speed: batches are planned for what their rows may grow to."""
        return stretch(samples, min(self.settings.augment.speed_percents))

    def left_out_rows(self) -> Iterator[dict[str, Any]]:
        """The rows of left_out.jsonl: one for each utterance that training cannot use."""
        for group in self.left_out:
            for row in group.rows:
                yield {"id": self.utterances.value(row, "id"), "reason": group.reason}

    def describe(self) -> dict[str, Any]:
        """The run in numbers, for --dry-run."""
        steps = self.plan(0)
        batches = [batch for step in steps for batch in step]
        samples = self.utterances.samples_R
        real = sum(int(samples[list(batch)].sum()) for batch in batches)
        padded = sum(padded_samples(batch, samples) for batch in batches)
        return {
            "parameters": self.recogniser.parameter_count(),
            "train_hours": round(float(samples[list(self.rows)].sum()) / SAMPLE_RATE_HZ / 3600, 3),
            "train_utterances": len(self.rows),
            "left_out": {group.reason: len(group.rows) for group in self.left_out},
            "valid_utterances": len(self.valid),
            "epochs": self.settings.loop.epochs,
            "steps_per_epoch": len(steps),
            "batches_per_epoch": len(batches),
            "rows_in_largest_batch": max(map(len, batches), default=0),
            "padding": round(padded / max(real, 1), 3),
        }

    def describe_in_a_line(self) -> str:
        """The run in one line, for people."""
        facts = self.describe()
        left_out = [f"{count:,} left out ({reason})" for reason, count in facts["left_out"].items()]
        parts = [
            f"{facts['train_utterances']:,} utterances ({facts['train_hours']:,.2f} h) to train on",
            *left_out,
            f"{facts['valid_utterances']:,} to validate",
            f"{facts['parameters'] / 1e6:,.1f} million parameters",
            f"{facts['epochs']} epochs of about {facts['steps_per_epoch']:,} steps",
            f"padding {facts['padding']:.2f}x",
        ]
        return ", ".join(parts)

    def describe_memory(self) -> dict[str, Any]:
        """The layers, and an estimate of the memory that training needs, for --dry-run."""
        layers = {name: _count(module) for name, module in self.recogniser.network.named_children()}
        numbers = self.recogniser.parameter_count()
        activations = self._bytes_per_second() * self.settings.batching.budget_s
        halved = 0.5 if self.settings.optim.precision != "float32" else 1.0
        return {
            "parameters_by_layer": {name: count for name, count in layers.items() if count},
            "weights_gradients_moments_mb": round(numbers * 4 * FLOATS_PER_PARAMETER / 1e6),
            "activations_of_a_full_batch_mb": round(activations * halved / 1e6),
        }

    def _bytes_per_second(self) -> float:
        """Bytes kept for the backward pass per second of padded audio, measured on one row."""
        kept: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        pcm_NS = torch.zeros((1, MEASURED_S * SAMPLE_RATE_HZ), dtype=torch.int16)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            log_probs_TNV, _ = self.recogniser.train()(pcm_NS, torch.tensor([pcm_NS.size(1)]))
            own = {p.untyped_storage().data_ptr() for p in self.recogniser.parameters()}
            total = sum(size for place, size in kept.items() if place not in own)
        del log_probs_TNV
        return total / MEASURED_S


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def set_up_training(sources: list[ShardSource], settings: TrainSettings, *, ranks: int = 1) -> TrainingSetup:
    """Open the splits, leave out the rows that CTC cannot train on, initialise the model.

    Raises:
        InputRejected: The train split has no usable row, or `batching.weights` does not have one
            weight for each manifest.
        HandOffBroken: A shard is not what its manifest says.
    """
    if len(settings.batching.weights) not in {0, len(sources)}:
        raise InputRejected(
            f"batching.weights has {len(settings.batching.weights)} numbers for {len(sources)} manifests;"
            " give one for each manifest, or none"
        )
    torch.manual_seed(settings.loop.seed_for(0))  # of the weights
    recogniser = Recogniser(settings, sources[0].manifest.vocabulary.vocabulary())
    utterances = Utterances(sources, "train")
    rows, left_out = select_trainable(
        utterances.samples_R,
        utterances.label_counts_R,
        needed=utterances.needed_frames_R,
        available=recogniser.output_frames(utterances.samples_R),
        longest_s=settings.batching.longest_s,
    )
    if not rows:
        names = ", ".join(str(source.path) for source in sources)
        reasons = Counter({group.reason: len(group.rows) for group in left_out})
        raise InputRejected(
            f"{names}: no utterance to train on in split 'train' ({len(utterances)} rows,"
            f" left out: {dict(reasons) or 'none'}); change the split, or lift the limits that"
            " left the rows out"
        )
    if settings.features.normalise == "corpus":
        _measure_features(recogniser, utterances, rows, seed=settings.loop.seed)
    valid = Utterances(sources, "valid")
    return TrainingSetup(sources, settings, recogniser, utterances, rows, left_out, valid, ranks)


def _measure_features(recogniser: Recogniser, utterances: Utterances, rows: RowIndices, *, seed: int) -> None:
    """Take the features' mean and deviation from a sample of the rows to train on."""
    chosen = np.random.default_rng([seed, 0, 2]).permutation(rows)[:SAMPLED_ROWS]
    batches = (utterances.collate([row]) for row in chosen.tolist())
    recogniser.features.measure((to_wave(batch.pcm_NS), batch.samples_N) for batch in batches if batch.ids)
