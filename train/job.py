"""What a run trains on: the rows it can use, the model, the plan of every epoch."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.contract.errors import InputRejected
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.batching import LeftOut, Rows, Step, padded_samples, plan_epoch, select_rows
from train.dataset import Source, Utterances
from train.device import seed_of
from train.model import Recogniser
from train.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class Job:
    """A run that has not begun: everything here follows from the manifests and settings."""

    sources: list[Source]
    settings: TrainSettings
    recogniser: Recogniser
    utterances: Utterances
    rows: Rows
    left_out: list[LeftOut]
    valid: Utterances

    def plan(self, epoch: int) -> list[Step]:
        """The steps of an epoch."""
        return plan_epoch(
            self.rows,
            self.utterances.samples_R,
            settings=self.settings.batching,
            seed=self.settings.loop.seed,
            epoch=epoch,
            batches_per_step=self.settings.optim.accumulate,
        )

    def left_out_rows(self) -> Iterator[dict[str, Any]]:
        """A row of left_out.jsonl for each utterance that training cannot use."""
        for group in self.left_out:
            for row in group.rows:
                yield {"id": self.utterances.value(row, "id"), "reason": group.reason}

    def describe(self) -> dict[str, Any]:
        """The run in numbers, for --dry-run and for the first lines of a log."""
        steps = self.plan(0)
        batches = [batch for step in steps for batch in step]
        samples = self.utterances.samples_R
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
            "rows_in_largest_batch": max(map(len, batches)),
            "padding": round(padded / int(samples[list(self.rows)].sum()), 3),
        }


def prepare(sources: list[Source], settings: TrainSettings) -> Job:
    """Open the splits, leave out what CTC cannot train on, make the model from the seed.

    Raises:
        InputRejected: The train split has no row that can be used.
        HandOffBroken: A shard is not what its manifest says.
    """
    torch.manual_seed(seed_of(settings.loop.seed, 0))
    recogniser = Recogniser(settings, sources[0].manifest.vocabulary.vocabulary())
    utterances = Utterances(sources, "train")
    rows, left_out = select_rows(
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
            f" left out: {dict(reasons) or 'none'})"
        )
    return Job(sources, settings, recogniser, utterances, rows, left_out, Utterances(sources, "valid"))
