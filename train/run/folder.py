"""The folder of a run.

    <run>/checkpoints/step-00001200/    checkpoints (checkpoint.py): the last few, and the best
    <run>/metrics.jsonl  left_out.jsonl  evaluation.json  tensorboard/

A checkpoint is written under a temporary name and then renamed: under its own name it is complete.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import new_folder, replacing, sweep, write_text
from train.data.sources import ShardSource
from train.run.card import CARD, model_card
from train.run.checkpoint import RECORD, Checkpoint, CheckpointRecord, TrainedOn, read_checkpoint
from train.settings import TrainSettings


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

    def checkpoint_to_resume(self, *, resume: bool) -> Checkpoint | None:
        """The checkpoint to resume from; None for a run that starts from the beginning.

        Raises:
            InputRejected: The path is a file, or a folder that is not empty without `resume`.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputRejected(f"--run {self.path} is a file; name a folder, existing or new")
        if not resume and self.path.exists() and any(self.path.iterdir()):
            raise InputRejected(
                f"--run {self.path} is not empty; add --resume to continue that run, or name another folder"
            )
        return self.last()

    def last(self) -> Checkpoint | None:
        """The newest checkpoint."""
        steps = self._steps()
        return read_checkpoint(steps[-1]) if steps else None

    def best(self) -> Checkpoint | None:
        """The checkpoint with the lowest PER on the valid split; the newest if none was measured."""
        last = self.last()
        if last is None or not last.record.position.best:
            return last
        return read_checkpoint(self._step(last.record.position.best[0].step))

    def save(self, files: Mapping[str, bytes], record: CheckpointRecord) -> None:
        """Write a checkpoint, completely or not at all, and remove those no longer kept."""
        sweep(self.checkpoints)
        final = self._step(record.position.step)  # exists if the run resumed from an older checkpoint
        with new_folder(final, replace=True) as folder:
            for name, content in files.items():
                with replacing(folder / name) as stream:
                    stream.write(content)
            write_text(folder / CARD, model_card(record))
            write_text(folder / RECORD, record.model_dump_json(indent=1) + "\n")
        kept = {self._step(best.step) for best in record.position.best}
        for folder in self._steps()[: -record.settings.loop.keep_last]:
            if folder not in kept:
                shutil.rmtree(folder)

    def _steps(self) -> list[Path]:
        return sorted(self.checkpoints.glob("step-*"))

    def _step(self, step: int) -> Path:
        return self.checkpoints / f"step-{step:08d}"


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
    if (path / RECORD).is_file():
        return read_checkpoint(path)
    found = RunFolder(path).best()
    if found is None:
        raise InputRejected(f"no checkpoint at {path}; `malsori-train fit ... --run {path}` makes one")
    return found
