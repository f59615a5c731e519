"""A whole run, top to bottom: manifests, the folder, the training (trainer.py), the evaluation."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.locks import locked
from train.data.dataset import Utterances
from train.data.sources import ShardSource, open_sources
from train.decoding.beam import require_flashlight
from train.evaluation.evaluate import (
    HELD_OUT,
    evaluate,
    held_out_split,
    read_evaluation,
    what_is_measured,
    write_evaluation,
)
from train.loop.distributed import joined_ranks, pick_device, require_compiler
from train.loop.setup import set_up_training
from train.run.checkpoint import Checkpoint
from train.run.folder import RunFolder, check_resumable
from train.run.logs import say, write_json_lines
from train.run.trainer import Trainer
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
        The content of evaluation.json; None when no manifest has a held-out split, and on
        every rank but the first.

    Raises:
        InputRejected: The settings, the manifests or the run's folder cannot be used as given.
        HandOffBroken: A shard or a checkpoint is not what its record says.
        MissingResource: A URL cannot be read, no batch came in time, or a package or compiler that
            the settings need is not installed.
        TrainingDiverged: Too many steps in a row had to be skipped.
        KeyboardInterrupt: SIGINT or SIGTERM came; a checkpoint was written.
    """
    sources = open_sources(manifests)
    run.require_usable(resume=resume)
    # Looked at twice: first for the device on which the ranks meet, then when nobody else can write.
    settings = _settle(preset, assignments, _peek(run))
    with ExitStack() as held:
        with joined_ranks(pick_device(settings.loop.device)) as ranks:
            ranks.agree(lambda: held.enter_context(locked(run.path, option="--run")))
            run.require_usable(resume=resume)
            checkpoint = run.last(told=ranks.first)
            if checkpoint:
                settings = _settle(preset, assignments, checkpoint)
                check_resumable(checkpoint, settings, sources, ranks=ranks.count)
            ranks.agree(lambda: _check_hashes(sources))
            ranks.agree(lambda: _require_unseen(sources))
            setup = set_up_training(sources, settings, ranks=ranks.count)
            trainer = Trainer(setup, run, checkpoint, ranks)
            if ranks.first:
                if held_out_split(sources) is None:
                    say("no manifest has a test or valid split: no phone error rate will be measured")
                write_json_lines(run.left_out, setup.left_out_rows())
                say(setup.describe_in_a_line())
            trainer.train()
            if not ranks.first:
                return None
        return _finish(run, sources, settings)


def _peek(run: RunFolder) -> Checkpoint | None:
    """The newest checkpoint; what is wrong with it is said when nobody else can be writing it."""
    try:
        return run.last(told=False)
    except HandOffBroken:
        return None


def _settle(preset: str | None, assignments: Sequence[str], checkpoint: Checkpoint | None) -> TrainSettings:
    """The settings, when all that they need is there; torch is given its threads."""
    settings = read_settings(preset, assignments, base=checkpoint.record.settings if checkpoint else None)
    if settings.decode.decoder != "greedy":
        require_flashlight()  # now, not after the last epoch
    if settings.loop.compile:
        require_compiler(pick_device(settings.loop.device))
    if settings.loop.threads is not None:
        torch.set_num_threads(settings.loop.threads)
    return settings


def _check_hashes(sources: Sequence[ShardSource]) -> None:
    """Also before a run resumes: its figures are of the shards that its manifests describe."""
    say("checking the shards' hashes")
    for source in sources:
        source.check_hashes()


def _require_unseen(sources: list[ShardSource]) -> None:
    """Refuse manifests of which one trains on what another one measures.

    Raises:
        InputRejected: An utterance is in the train split of one and held out in another.
    """
    if len(sources) == 1:
        return
    train = Utterances(sources, "train")
    trained: list[set[int]] = [set() for _ in sources]
    for span, number in zip(train.recorded_spans(), train.source_R.tolist(), strict=True):
        trained[number].add(span)
    for split in HELD_OUT:
        held_out = Utterances(sources, split)
        rows = zip(held_out.recorded_spans(), held_out.source_R.tolist(), strict=True)
        for row, (span, number) in enumerate(rows):
            for other, spans in enumerate(trained):
                if other != number and span in spans:
                    raise InputRejected(
                        f"{held_out.value(row, 'id')} is in split {split!r} of {sources[number].path} and in"
                        f" the train split of {sources[other].path}: the error rate would be of what was"
                        " trained on; leave one of them out"
                    )


def _finish(run: RunFolder, sources: list[ShardSource], settings: TrainSettings) -> dict[str, Any] | None:
    """Measure a finished run's best checkpoint into the run's folder, unless that was done before."""
    split, checkpoint = held_out_split(sources), run.best()
    if split is None or checkpoint is None:
        say("no manifest has a test or valid split: no phone error rate was measured")
        return None
    checkpoint = checkpoint.decoding_with(settings.decode)
    decoder = settings.decode.decoder
    before = read_evaluation(run.path)
    if before and before["measured"] == what_is_measured(checkpoint, sources, split=split, decoder=decoder):
        say(f"{run.path} was finished and measured before; nothing to do")
        return before
    summary, rows = evaluate(checkpoint, sources, split=split, decoder=decoder, device=settings.loop.device)
    write_evaluation(run.path, summary, rows)
    return summary
