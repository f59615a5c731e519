"""The folder of a run.

    <run>/checkpoints/step-00001200/    checkpoints (checkpoint.py): the last few, and the best
    <run>/metrics.jsonl  left_out.jsonl  evaluation.json  tensorboard/

A checkpoint is written under a temporary name and then renamed: under its own name it is complete.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import (
    is_folder,
    is_regular,
    new_folder,
    remove_whole,
    replacing,
    sweep,
    write_text,
)
from pipeline.contract.locks import LOCK
from train.data.sources import ShardSource
from train.run.card import CARD, model_card
from train.run.checkpoint import Checkpoint, read_checkpoint
from train.run.logs import say
from train.run.record import MODEL, RECORD, CheckpointRecord, FileName, TrainedOn
from train.settings import TrainSettings

DECODING: Final = "decoding"
STEP: Final = re.compile(r"step-[0-9]{8}")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def metrics(self) -> Path:
        """metrics.jsonl: a JSON object for each step and each validation."""
        return self.path / "metrics.jsonl"

    @property
    def left_out(self) -> Path:
        """left_out.jsonl: the utterances that training cannot use, and why."""
        return self.path / "left_out.jsonl"

    @property
    def tensorboard(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    def require_usable(self, *, resume: bool) -> None:
        """Refuse a place that is no folder for this run; before the run makes its lock there.

        Raises:
            InputRejected: It is a file, a folder in use unless that run is to `resume`, or a folder
                with files in which no run has been.
        """
        if os.path.lexists(self.path) and not is_folder(self.path):
            raise InputRejected(f"--run {self.path} is a file; name a folder, existing or new")
        for folder in (self.checkpoints, self.tensorboard, self.path / DECODING):
            if folder.is_symlink():
                raise InputRejected(
                    f"{folder} is a link, which no run made: remove it, or name the folder itself"
                )
        there = [each.name for each in self.path.iterdir()] if is_folder(self.path) else []
        if LOCK not in there and not self._steps() and there:
            raise InputRejected(
                f"--run {self.path} holds files that no run made there ({min(there)}); name another folder"
            )
        if not resume and there not in ([], [LOCK]):
            raise InputRejected(
                f"--run {self.path} is not empty; add --resume to continue that run, or name another folder"
            )

    def last(self, *, told: bool = True) -> Checkpoint | None:
        """The newest checkpoint that is whole; damaged ones are named on stderr if `told`, and stay.

        Raises:
            HandOffBroken: There are checkpoints, and all are damaged.
        """
        return self._first_whole(self._steps()[::-1], told=told)

    def best(self) -> Checkpoint | None:
        """The checkpoint with the lowest PER on the valid split; the newest if none was measured.

        A damaged one is named on stderr, and the next best is taken, or else the newest.

        Raises:
            HandOffBroken: There are checkpoints, and all are damaged.
        """
        steps = self._steps()[::-1]
        newest = self._first_whole(steps, MODEL)
        ranked = [self._step(best.step) for best in newest.record.position.best] if newest else []
        return self._first_whole(list(dict.fromkeys([*ranked, *steps])), MODEL)

    def save(self, files: Mapping[FileName, bytes], record: CheckpointRecord) -> None:
        """Write a checkpoint, completely or not at all, and remove those no longer kept."""
        text = record.to_text()
        sweep(self.checkpoints)
        final = self._step(record.position.step)  # exists if it was damaged, and the run resumed before it
        with new_folder(final, replace=True) as folder:
            for name, content in files.items():
                with replacing(folder / name) as stream:
                    stream.write(content)
            write_text(folder / CARD, model_card(record))
            write_text(folder / RECORD, text)
        kept = {self._step(best.step) for best in record.position.best}
        # Later ones were damaged when this run resumed: they take no good one's place.
        done = [folder for folder in self._steps() if folder <= final]
        for folder in done[: -record.settings.loop.keep_last]:
            if folder not in kept:
                _remove(folder)

    def _first_whole(self, folders: Sequence[Path], *names: FileName, told: bool = True) -> Checkpoint | None:
        """The first of `folders` whose record, and files `names` (all by default), can be read."""
        problems = []
        for folder in folders:
            try:
                checkpoint = read_checkpoint(folder)
                checkpoint.check_files(*names)
            except HandOffBroken as error:
                problems.append(f"{folder.name} is damaged ({error})")
                continue
            if told and problems:
                say(f"{'; '.join(problems)}: {folder.name} is used instead")
            return checkpoint
        if problems:
            raise HandOffBroken(
                f"no checkpoint of {self.path} can be used: {'; '.join(problems)}. Copy them again, or train"
                " into another --run"
            )
        return None

    def _steps(self) -> list[Path]:
        """The checkpoints' folders, oldest first; whatever else lies beside them is not ours."""
        found = self.checkpoints.iterdir() if is_folder(self.checkpoints) else ()
        return sorted(path for path in found if STEP.fullmatch(path.name) and is_folder(path))

    def _step(self, step: int) -> Path:
        return self.checkpoints / f"step-{step:08d}"


def _remove(folder: Path) -> None:
    """Remove a checkpoint: first its name, so that a kill leaves no half of one under it."""
    doomed = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    folder.rename(doomed)
    remove_whole(doomed)


def check_resumable(
    checkpoint: Checkpoint, settings: TrainSettings, sources: Sequence[ShardSource], *, ranks: int
) -> None:
    """Raise InputRejected unless the run can continue with these settings, shards and ranks."""
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
            f"{checkpoint.folder} was trained on other shards than those of the manifests given:"
            " resume with the same manifests, or name another --run"
        )
    if checkpoint.record.ranks != ranks:
        raise InputRejected(
            f"{checkpoint.folder} was trained by {checkpoint.record.ranks} processes, now there are"
            f" {ranks}, which would make other batches: resume with as many, or name another --run"
        )


def find_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at `path`: a checkpoint's folder, or a run's, whose best checkpoint is taken.

    Raises:
        InputRejected: There is no checkpoint at the path.
    """
    if is_regular(path / RECORD):
        return read_checkpoint(path)
    found = RunFolder(path).best()
    if found is None:
        raise InputRejected(f"no checkpoint at {path}; `malsori-train fit ... --run {path}` makes one")
    return found
