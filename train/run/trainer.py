"""A run in progress: epochs of steps, validations, checkpoints."""

import math
import signal
import time
from contextlib import nullcontext
from types import FrameType, TracebackType
from typing import Any, Self

import torch

from pipeline.contract.errors import TrainingDiverged
from train.data.batching import StepPlan
from train.data.dataset import Batch
from train.evaluation.evaluate import score
from train.loop.distributed import ALONE, Ranks, pick_device
from train.loop.loader import Loader
from train.loop.optim import Averaged, learning_rate, make_optimiser, set_learning_rate
from train.loop.setup import TrainingSetup
from train.loop.step import Stepper, StepResult
from train.model.inference import longest_recognised
from train.run.checkpoint import Checkpoint, capture, require_storable
from train.run.folder import RunFolder
from train.run.logs import RunLog
from train.run.record import Best, Position


class Trainer:
    """A run in progress: a network, its optimiser, and how far they have come."""

    def __init__(
        self, setup: TrainingSetup, run: RunFolder, checkpoint: Checkpoint | None, ranks: Ranks = ALONE
    ) -> None:
        self.setup = setup
        self.run = run
        self.ranks = ranks
        self.settings = setup.settings
        self.device = pick_device(setup.settings.loop.device)
        self.recogniser = setup.recogniser.to(self.device)
        self.optimiser = make_optimiser(self.recogniser, setup.settings.optim)
        decay = setup.settings.optim.ema_decay
        self.averaged = Averaged(self.recogniser, decay) if decay else None
        self.stepper = Stepper(self.recogniser, self.optimiser, setup.settings, ranks)
        self.position = Position()
        if checkpoint:
            checkpoint.restore(self.recogniser, self.optimiser, self.averaged, self.stepper.scaler)
            self.position = checkpoint.record.position
        self._saved = self.position if checkpoint else None
        self._saved_at = time.monotonic()
        require_storable(
            self.recogniser, self.optimiser, settings=self.settings, sources=setup.sources, ranks=ranks.count
        )

    @property
    def finished(self) -> bool:
        """Whether all epochs or `max_steps` are done, or `patience` has run out."""
        loop, done = self.settings.loop, self.position
        return (
            done.epoch >= loop.epochs
            or done.step >= (loop.max_steps or math.inf)
            or done.since_best >= (loop.patience or math.inf)
        )

    def train(self) -> None:
        """Take steps until the run is finished."""
        if self.finished:
            return
        if self.settings.loop.compile:
            self.recogniser.network.compile_norms()
        self.stepper.probe_memory(self.setup.largest_batch())
        total = len(self.setup.plan(0)) * self.settings.loop.epochs
        with (
            RunLog(
                self.run.metrics,
                tensorboard=self.run.tensorboard if self.settings.loop.tensorboard else None,
                done=self.position.step,
                total=min(total, self.settings.loop.max_steps or total),
                every=self.settings.loop.log_every_steps,
                silent=not self.ranks.first,
            ) as log,
            StopRequest() as stop,
        ):
            while not self.finished:
                self._train_epoch(log, stop)

    def _train_epoch(self, log: RunLog, stop: "StopRequest") -> None:
        """The rest of the current epoch, then a validation if one is due, and a checkpoint."""
        plan = self.setup.plan(self.position.epoch)
        left = plan[self.position.step_in_epoch :]
        with Loader(self._collate, left, timeout_s=self.settings.loop.loader_timeout_s) as loader:
            while self.position.step_in_epoch < len(plan) and not self.finished:
                self._take_step(loader, self.position.step_in_epoch / len(plan), log)
                if self.ranks.any(stop.asked, device=self.device):
                    self._save()
                    log.line(f"stopped after step {self.position.step}")
                    raise KeyboardInterrupt
                if time.monotonic() - self._saved_at > self.settings.loop.checkpoint_minutes * 60:
                    self._save()
        if self.position.step_in_epoch == len(plan):
            self._move(epoch=self.position.epoch + 1, step_in_epoch=0)
        if self.finished or self.position.epoch % self.settings.loop.validate_every_epochs == 0:
            self._validate(log)
        self._save()

    def _collate(self, step: StepPlan) -> list[Batch]:
        pin = self.device.type == "cuda"
        return [self.setup.utterances.collate(self.ranks.share(rows), pin=pin) for rows in step]

    def _take_step(self, loader: Loader[StepPlan, list[Batch]], share: float, log: RunLog) -> None:
        """One step; `share` of its epoch is done before it."""
        started, waited = time.monotonic(), loader.waited_s
        progress = (self.position.epoch + share) / self.settings.loop.epochs
        rate = learning_rate(self.position.step, progress, self.settings.optim, cuts=self.position.cuts)
        set_learning_rate(self.optimiser, rate)
        result = self.stepper.take(loader.next(), step=self.position.step)
        self._move(step=self.position.step + 1, step_in_epoch=self.position.step_in_epoch + 1)
        row = {"step": self.position.step, "epoch": self.position.epoch}
        if result.problem:
            self._count_skipped(result, row, log)
            return
        if self.averaged:
            self.averaged.update(self.position.step)
        self._move(skipped_in_a_row=0)
        log.step(
            row
            | {"loss": result.loss, "gradient_norm": result.gradient_norm, "learning_rate": rate}
            | {"audio_s": result.audio_s, "seconds": round(time.monotonic() - started, 4)}
            | {"waited_s": round(loader.waited_s - waited, 4)}
        )

    def _count_skipped(self, result: StepResult, row: dict[str, Any], log: RunLog) -> None:
        self._move(skipped=self.position.skipped + 1, skipped_in_a_row=self.position.skipped_in_a_row + 1)
        log.add(row | {"skipped": result.problem, "ids": result.ids})
        named = ", ".join(result.ids)
        log.line(f"step {self.position.step} skipped: {result.problem}; utterances: {named}")
        if self.position.skipped_in_a_row >= self.settings.loop.bad_steps_in_a_row:
            last = self.run.last()
            raise TrainingDiverged(
                f"{self.position.skipped_in_a_row} steps in a row were skipped, the last because"
                f" {result.problem}; its utterances: {named}; last good checkpoint:"
                f" {last.folder if last else 'none yet'}. Listen to these utterances, or lower"
                " optim.learning_rate and train into another --run"
            )

    def _validate(self, log: RunLog) -> None:
        """Measure the valid split, if it has labels, and rank this step among the best."""
        if not self.setup.valid.label_counts_R.sum():
            return
        per = 0.0
        if self.ranks.first:
            with self.averaged.applied() if self.averaged else nullcontext():
                per = score(self.recogniser, self.setup.valid).edits.rate
                self._draw(log)
        per = self.ranks.broadcast(per)
        log.validation({"step": self.position.step, "epoch": self.position.epoch, "valid_per": per})
        best = sorted((*self.position.best, Best(per=per, step=self.position.step)), key=lambda one: one.per)
        since = 0 if best[0].step == self.position.step else self.position.since_best + 1
        cut = since > 0 and since % self.settings.optim.plateau_patience == 0
        self._move(
            valid_per=per,
            best=tuple(best[: self.settings.loop.keep_best]),
            since_best=since,
            cuts=self.position.cuts + cut,
        )

    @torch.inference_mode()
    def _draw(self, log: RunLog) -> None:
        """Draw the features and the output of the first validated utterance, unless it is too long."""
        if self.setup.valid.samples_R[0] > longest_recognised(self.settings):
            return
        batch = self.setup.valid.collate([0])
        if batch.ids:
            features_NFT, log_probs_TNV = self.recogniser.eval().features_and_output(
                batch.pcm_NS.to(self.device), batch.samples_N.to(self.device)
            )
            log.picture("features", features_NFT[0], self.position.step)
            log.picture("probabilities", log_probs_TNV[:, 0].exp().t(), self.position.step)

    def _move(self, **changes: Any) -> None:
        self.position = self.position.model_copy(update=changes)

    def _save(self) -> None:
        """Write a checkpoint, unless nothing has happened since the last one."""
        self._saved_at = time.monotonic()
        if self._saved == self.position or not self.ranks.first:
            return
        files, record = capture(
            self.recogniser,
            self.optimiser,
            position=self.position,
            settings=self.settings,
            sources=self.setup.sources,
            averaged=self.averaged,
            scale=self.stepper.scaler.state_dict(),
            ranks=self.ranks.count,
        )
        self.run.save(files, record)
        self._saved = self.position


class StopRequest:
    """Ctrl-C or SIGTERM ends the run after the current step; a second one ends it at once."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Self:
        self._before = {kind: signal.signal(kind, self._ask) for kind in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
