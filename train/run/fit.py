"""A whole run: what it trains on, the training, the phone error rate of its best checkpoint."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pipeline.contract.errors import InputRejected
from train.data.dataset import ShardSource, check_hashes, open_sources
from train.evaluation.evaluate import EVALUATION, evaluate, held_out_split, write_evaluation
from train.loop.device import pick_device
from train.loop.distributed import Ranks, joined_ranks
from train.loop.setup import TrainingSetup, set_up_training
from train.loop.trainer import Trainer
from train.run.checkpoint import Checkpoint, TrainedOn
from train.run.folder import RunFolder
from train.run.logs import say, write_json_lines
from train.settings import TrainSettings, read_settings


def fit(
    manifests: Sequence[Path | str],
    run: RunFolder,
    *,
    preset: str | None,
    assignments: Sequence[str],
    resume: bool,
) -> dict[str, Any] | None:
    """Train, then measure the best checkpoint on the held-out split.

    Returns:
        The content of evaluation.json; None where no manifest has a held-out split, and on
        every rank but the first.

    Raises:
        InputRejected: Settings, manifests or the run's folder cannot be used as given.
        HandOffBroken: A shard or a checkpoint is not what its record says.
        MissingResource: A URL cannot be read, or batches stopped coming.
        TrainingDiverged: Too many steps in a row had to be skipped.
        KeyboardInterrupt: SIGINT or SIGTERM came; a checkpoint was written.
    """
    sources = open_sources(manifests)
    checkpoint = run.claim(resume=resume)
    settings = read_settings(preset, assignments, base=checkpoint.record.settings if checkpoint else None)
    if settings.loop.threads is not None:
        torch.set_num_threads(settings.loop.threads)
    with joined_ranks(pick_device(settings.loop.device)) as ranks:  # nobody writes before all have looked
        if checkpoint:
            check_continues(checkpoint, settings, sources, ranks)
        if ranks.first and not checkpoint:
            say("checking the shards' hashes")
            check_hashes(sources)
        setup = set_up_training(sources, settings, ranks=ranks.count)
        training = Trainer(setup, run, checkpoint, ranks)
        if ranks.first:
            if held_out_split(sources) is None:
                say("no manifest has a test or valid split: no phone error rate will be measured")
            write_json_lines(run.left_out, setup.left_out_rows())
            say(_opening(setup))
        training.train()
        if not ranks.first:
            return None
    return _measured_already(run) or measure(run, sources, settings)


def _opening(setup: TrainingSetup) -> str:
    """What a run is about to do, in one line."""
    facts = setup.describe()
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


def measure(run: RunFolder, sources: list[ShardSource], settings: TrainSettings) -> dict[str, Any] | None:
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


def check_continues(
    checkpoint: Checkpoint, settings: TrainSettings, sources: list[ShardSource], ranks: Ranks
) -> None:
    """Raise InputRejected unless the run can go on with these settings, shards and ranks."""
    before, now = checkpoint.record.settings.resume_signature(), settings.resume_signature()
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
    if checkpoint.record.ranks != ranks.count:
        raise InputRejected(
            f"{checkpoint.folder} was trained by {checkpoint.record.ranks} processes, now there are"
            f" {ranks.count}: batches would differ; resume with as many, or name another --run"
        )
