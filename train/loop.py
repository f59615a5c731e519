"""The training run, top to bottom."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pipeline.contract.errors import InputRejected
from train.batching import Step
from train.checkpoint import Checkpoint, Position, RunFolder, TrainedOn, capture
from train.dataset import Batch, Source, open_sources
from train.device import pick_device
from train.errors import TrainingDiverged
from train.evaluate import EVALUATION, evaluate, held_out_split, score, write_evaluation
from train.job import Job, prepare
from train.logs import Display, MetricsLog, say, write_json_lines
from train.optim import learning_rate, make_optimiser, set_learning_rate
from train.settings import TrainSettings, read_settings
from train.step import Outcome, Stepper
from train.stop import StopRequest


def fit(
    manifests: Sequence[Path], run: RunFolder, *, preset: str | None, assignments: Sequence[str], resume: bool
) -> dict[str, Any] | None:
    """Train, then measure the best checkpoint on the held-out split.

    Returns:
        The content of evaluation.json; None where no manifest has a held-out split.

    Raises:
        InputRejected: Settings, manifests or the run's folder cannot be used as given.
        HandOffBroken: A shard or a checkpoint is not what its record says.
        TrainingDiverged: Too many steps in a row had to be skipped.
        KeyboardInterrupt: SIGINT or SIGTERM came; a checkpoint was written.
    """
    sources = open_sources(manifests)
    checkpoint = run.claim(resume=resume)
    base = checkpoint.record.settings if checkpoint else None
    settings = read_settings(preset, assignments, base=base)
    if checkpoint:
        check_continues(checkpoint, settings, sources)
    if settings.loop.threads is not None:
        torch.set_num_threads(settings.loop.threads)
    job = prepare(sources, settings)
    training = Training(job, run, checkpoint)
    write_json_lines(run.left_out, job.left_out_rows())
    say("  ".join(f"{key} {value}" for key, value in job.describe().items()))
    training.train()
    return _measured_already(run) or measure(run, sources, settings)


def measure(run: RunFolder, sources: list[Source], settings: TrainSettings) -> dict[str, Any] | None:
    """Evaluate a finished run's best checkpoint into <run>/evaluation.json."""
    split = held_out_split(sources)
    checkpoint = run.best()
    if split is None or checkpoint is None:
        say("no manifest has a test or valid split: no phone error rate was measured")
        return None
    summary, rows = evaluate(
        checkpoint, sources, split=split, decoder=settings.decode.decoder, device=settings.loop.device
    )
    write_evaluation(run.path, summary, rows)
    return summary


def _measured_already(run: RunFolder) -> dict[str, Any] | None:
    """The content of evaluation.json, when it is of the run's best checkpoint."""
    path, best = run.path / EVALUATION, run.best()
    if best is None or not path.is_file():
        return None
    summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if summary["step"] != best.record.position.step:
        return None
    say(f"{run.path} was finished and measured already")
    return summary


def check_continues(checkpoint: Checkpoint, settings: TrainSettings, sources: list[Source]) -> None:
    """Raise InputRejected unless the run can go on with these settings and shards."""
    before, now = checkpoint.record.settings.course(), settings.course()
    for section, values in now.items():
        for key, value in values.items():
            if before[section][key] != value:
                raise InputRejected(
                    f"{checkpoint.folder} was trained with {section}.{key} = {before[section][key]!r},"
                    f" now it is {value!r}: resume with the same settings, or name another --run"
                )
    trained = [manifest.content_sha256 for manifest in checkpoint.record.manifests]
    if trained != [TrainedOn.of(source).content_sha256 for source in sources]:
        raise InputRejected(
            f"{checkpoint.folder} was trained on other shards than these manifests list:"
            " resume with the same, or name another --run"
        )


class Training:
    """A run in progress."""

    def __init__(self, job: Job, run: RunFolder, checkpoint: Checkpoint | None) -> None:
        self.job = job
        self.run = run
        self.settings = job.settings
        self.device = pick_device(job.settings.loop.device)
        self.recogniser = job.recogniser.to(self.device)
        self.optimiser = make_optimiser(self.recogniser, job.settings.optim)
        self.stepper = Stepper(self.recogniser, self.optimiser, job.settings)
        self.position = Position()
        if checkpoint:
            checkpoint.load_weights(self.recogniser)
            checkpoint.load_optimiser(self.optimiser)
            self.position = checkpoint.record.position
        self._saved = self.position if checkpoint else None
        self._saved_at = time.monotonic()

    @property
    def finished(self) -> bool:
        """All epochs are done, or `max_steps`."""
        loop, done = self.settings.loop, self.position
        return done.epoch >= loop.epochs or (loop.max_steps is not None and done.step >= loop.max_steps)

    def train(self) -> None:
        """Take steps until the run is finished."""
        done = self.position.step
        with (
            MetricsLog(self.run.metrics, up_to_step=done) as metrics,
            Display(
                done=done, total=self._total_steps(), every=self.settings.loop.log_every_steps
            ) as display,
            StopRequest() as stop,
        ):
            while not self.finished:
                self._train_epoch(metrics, display, stop)

    def _total_steps(self) -> int:
        total = len(self.job.plan(0)) * self.settings.loop.epochs
        return min(total, self.settings.loop.max_steps or total)

    def _train_epoch(self, metrics: MetricsLog, display: Display, stop: StopRequest) -> None:
        plan = self.job.plan(self.position.epoch)
        while self.position.step_in_epoch < len(plan) and not self.finished:
            share = self.position.step_in_epoch / len(plan)
            self._advance(plan[self.position.step_in_epoch], share, metrics, display)
            if stop.asked:
                self._save()
                display.line(f"stopped after step {self.position.step}; go on with --resume")
                raise KeyboardInterrupt
            if time.monotonic() - self._saved_at > self.settings.loop.checkpoint_minutes * 60:
                self._save()
        if self.position.step_in_epoch == len(plan):
            self._move(epoch=self.position.epoch + 1, step_in_epoch=0)
        if self.finished or self.position.epoch % self.settings.loop.validate_every_epochs == 0:
            self._validate(metrics, display)
        self._save()

    def _advance(self, step: Step, share: float, metrics: MetricsLog, display: Display) -> None:
        started = time.monotonic()
        progress = (self.position.epoch + share) / self.settings.loop.epochs
        rate = learning_rate(self.position.step, progress, self.settings.optim)
        set_learning_rate(self.optimiser, rate)
        outcome = self.stepper.take(self._collate(step), step=self.position.step)
        self._move(step=self.position.step + 1, step_in_epoch=self.position.step_in_epoch + 1)
        row = {"step": self.position.step, "epoch": self.position.epoch}
        if outcome.problem:
            self._skipped(outcome, row, metrics, display)
            return
        self._move(skipped_in_a_row=0)
        seconds = time.monotonic() - started
        metrics.add(
            row
            | {"loss": outcome.loss, "gradient_norm": outcome.gradient_norm, "learning_rate": rate}
            | {"audio_s": outcome.audio_s, "seconds": round(seconds, 4)}
        )
        display.step(
            self.position.step, f"loss {outcome.loss:.3f}  {outcome.audio_s / seconds:.0f} x real time"
        )

    def _collate(self, step: Step) -> list[Batch]:
        pin = self.device.type == "cuda"
        return [self.job.utterances.collate(rows, pin=pin) for rows in step]

    def _skipped(self, outcome: Outcome, row: dict[str, Any], metrics: MetricsLog, display: Display) -> None:
        self._move(skipped=self.position.skipped + 1, skipped_in_a_row=self.position.skipped_in_a_row + 1)
        metrics.add(row | {"skipped": outcome.problem, "ids": outcome.ids})
        named = ", ".join(outcome.ids)
        display.line(f"step {self.position.step} skipped: {outcome.problem}; utterances: {named}")
        if self.position.skipped_in_a_row >= self.settings.loop.bad_steps_in_a_row:
            last = self.run.last()
            raise TrainingDiverged(
                f"{self.position.skipped_in_a_row} steps in a row were skipped, the last because"
                f" {outcome.problem}; its utterances: {named}; last good checkpoint:"
                f" {last.folder if last else 'none yet'}. Look at these utterances, or lower"
                " optim.learning_rate and train into another --run"
            )

    def _validate(self, metrics: MetricsLog, display: Display) -> None:
        if not self.job.valid.label_counts_R.sum():
            return
        edits = score(self.recogniser, self.job.valid, decoder=self.settings.decode.decoder).edits
        metrics.add({"step": self.position.step, "epoch": self.position.epoch, "valid_per": edits.per})
        best = self.position.best_per
        display.line(f"step {self.position.step}  epoch {self.position.epoch}  valid PER {edits.per:.4f}")
        if best is None or edits.per < best:
            self._move(best_per=edits.per, best_step=self.position.step)

    def _move(self, **changes: float) -> None:
        self.position = self.position.model_copy(update=changes)

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self._saved == self.position:
            return
        tensors, record = capture(
            self.recogniser,
            self.optimiser,
            position=self.position,
            settings=self.settings,
            sources=self.job.sources,
        )
        self.run.save(tensors, record)
        self._saved = self.position
