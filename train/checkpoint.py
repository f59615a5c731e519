"""A run's folder, and its checkpoints.

    <run>/checkpoints/step-00001200/model.safetensors       weights and batch-norm statistics
                                    optimiser.safetensors   the optimiser's tensors
                                    checkpoint.json         everything else
    <run>/metrics.jsonl  left_out.jsonl  evaluation.json

A checkpoint is written under a temporary name and renamed: under its own name it is whole.
Nothing in it is pickled. There is no generator state: every step seeds its own (device.py).
"""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import safetensors.torch
import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import file_sha256, replacing, write_text
from pipeline.contract.manifest import Sha256, VocabularyRecord
from pipeline.contract.settings import Settings
from train.dataset import Source
from train.model import Recogniser
from train.settings import TrainSettings

MODEL: Final = "model.safetensors"
OPTIMISER: Final = "optimiser.safetensors"
RECORD: Final = "checkpoint.json"

Count = Annotated[int, Field(ge=0)]


class Position(Settings):
    """How far a run has come; `step_in_epoch` steps of `epoch` are done."""

    step: Count = 0
    epoch: Count = 0
    step_in_epoch: Count = 0
    skipped: Count = 0
    skipped_in_a_row: Count = 0
    best_step: Count | None = None
    best_per: float | None = None


class TrainedOn(Settings):
    """A manifest that a run was trained on; `content_sha256` is of its shards and vocabulary."""

    name: str
    path: str
    content_sha256: Sha256

    @classmethod
    def of(cls, source: Source) -> "TrainedOn":
        """The record of `source`. Facts of the pipeline's run (time, host) do not count."""
        manifest = source.manifest
        shards = [(shard.split, shard.ranges, shard.sha256) for shard in manifest.shards]
        content = json.dumps([manifest.vocabulary.sha256, shards])
        digest = hashlib.sha256(content.encode()).hexdigest()
        return cls(name=manifest.name, path=str(source.path), content_sha256=digest)


class CheckpointRecord(Settings):
    """checkpoint.json."""

    format: Literal[1] = 1
    position: Position
    settings: TrainSettings
    vocabulary: VocabularyRecord
    manifests: tuple[TrainedOn, ...]
    versions: dict[str, str]
    command: str
    model_sha256: Sha256
    optimiser_sha256: Sha256
    optimiser: dict[str, Any]  # what is not a tensor: parameter groups, numbers


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on the disk whose record was read and checked."""

    folder: Path
    record: CheckpointRecord

    def load_recogniser(self) -> Recogniser:
        """The trained recogniser, on the CPU.

        Raises:
            HandOffBroken: The weights are missing, damaged or of another model.
        """
        recogniser = Recogniser(self.record.settings, self.record.vocabulary.vocabulary())
        self.load_weights(recogniser)
        return recogniser

    def load_weights(self, recogniser: Recogniser) -> None:
        """Fill `recogniser` with the checkpoint's weights."""
        tensors = self._tensors(MODEL, self.record.model_sha256)
        try:
            recogniser.load_state_dict(tensors)
        except RuntimeError as error:
            raise HandOffBroken(f"{self.folder}: the weights are of another model: {error}") from error

    def load_optimiser(self, optimiser: torch.optim.Optimizer) -> None:
        """Fill `optimiser` with the checkpoint's state."""
        state: dict[int, dict[str, Any]] = {}
        for key, value in self._tensors(OPTIMISER, self.record.optimiser_sha256).items():
            parameter, name = key.split(".", 1)
            state.setdefault(int(parameter), {})[name] = value
        for parameter, numbers in self.record.optimiser["numbers"].items():
            state.setdefault(int(parameter), {}).update(numbers)
        groups = [{**group, "betas": tuple(group["betas"])} for group in self.record.optimiser["groups"]]
        optimiser.load_state_dict({"state": state, "param_groups": groups})

    def _tensors(self, name: str, sha256: str) -> dict[str, Tensor]:
        path = self.folder / name
        try:
            if file_sha256(path) != sha256:
                raise HandOffBroken(f"{path} is not the file that {RECORD} describes; copy it again")
            tensors: dict[str, Tensor] = safetensors.torch.load_file(path)
        except FileNotFoundError as error:
            raise HandOffBroken(f"{path} is missing; copy the whole checkpoint folder") from error
        except SafetensorError as error:
            raise HandOffBroken(f"{path} is not a safetensors file: {error}") from error
        return tensors


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def metrics(self) -> Path:
        """metrics.jsonl: one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def left_out(self) -> Path:
        """left_out.jsonl: the rows that training cannot use."""
        return self.path / "left_out.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    def claim(self, *, resume: bool) -> Checkpoint | None:
        """The checkpoint to go on from; None for a run that starts at the beginning.

        Raises:
            InputRejected: There is something at the path, and `resume` was not asked for.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputRejected(f"--run {self.path} is a file; expected a folder, or nothing yet")
        if not resume and self.path.exists() and any(self.path.iterdir()):
            raise InputRejected(
                f"--run {self.path} is not empty; add --resume to go on with it, or name another"
            )
        return self.last()

    def last(self) -> Checkpoint | None:
        """The newest checkpoint."""
        steps = self._steps()
        return read_checkpoint(steps[-1]) if steps else None

    def best(self) -> Checkpoint | None:
        """The checkpoint with the lowest PER on the valid split; without one, the newest."""
        last = self.last()
        if last is None or last.record.position.best_step is None:
            return last
        return read_checkpoint(self._step(last.record.position.best_step))

    def save(self, tensors: "Tensors", record: CheckpointRecord) -> None:
        """Write a checkpoint, whole or not at all, and remove those no longer kept."""
        final = self._step(record.position.step)
        temporary = final.with_name(f".{final.name}.{os.getpid()}.tmp")
        for leftover in self.checkpoints.glob(".step-*.tmp"):
            shutil.rmtree(leftover)
        for name, content in ((MODEL, tensors.model), (OPTIMISER, tensors.optimiser)):
            with replacing(temporary / name) as stream:
                stream.write(content)
        write_text(temporary / RECORD, record.model_dump_json(indent=1) + "\n")
        if final.exists():  # only a run that goes on from an older checkpoint comes here again
            shutil.rmtree(final)
        temporary.rename(final)
        _sync(self.checkpoints)
        self._prune(keep=record.settings.loop.keep_last, best_step=record.position.best_step)

    def _prune(self, *, keep: int, best_step: int | None) -> None:
        for folder in self._steps()[:-keep]:
            if best_step is None or folder != self._step(best_step):
                shutil.rmtree(folder)

    def _steps(self) -> list[Path]:
        return sorted(self.checkpoints.glob("step-*"))

    def _step(self, step: int) -> Path:
        return self.checkpoints / f"step-{step:08d}"


@dataclass(frozen=True, slots=True)
class Tensors:
    """The safetensors files of a checkpoint, as bytes."""

    model: bytes
    optimiser: bytes


def capture(
    recogniser: Recogniser,
    optimiser: torch.optim.Optimizer,
    *,
    position: Position,
    settings: TrainSettings,
    sources: list[Source],
) -> tuple[Tensors, CheckpointRecord]:
    """The state of a run, ready to be written."""
    state = optimiser.state_dict()
    slots = [(i, name, value) for i, slot in state["state"].items() for name, value in slot.items()]
    numbers: dict[str, dict[str, Any]] = {}
    for i, name, value in slots:
        if not isinstance(value, Tensor):
            numbers.setdefault(str(i), {})[name] = value
    tensors = Tensors(
        model=_serialise(recogniser.state_dict()),
        optimiser=_serialise({f"{i}.{name}": value for i, name, value in slots if isinstance(value, Tensor)}),
    )
    record = CheckpointRecord(
        position=position,
        settings=settings,
        vocabulary=VocabularyRecord.of(recogniser.vocabulary),
        manifests=tuple(map(TrainedOn.of, sources)),
        versions=versions(),
        command=" ".join(sys.argv),
        model_sha256=hashlib.sha256(tensors.model).hexdigest(),
        optimiser_sha256=hashlib.sha256(tensors.optimiser).hexdigest(),
        optimiser={"groups": state["param_groups"], "numbers": numbers},
    )
    return tensors, record


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and check a checkpoint's record; it is untrusted input.

    Raises:
        HandOffBroken: It is missing, of another format, or contradicts itself.
    """
    path = folder / RECORD
    try:
        return Checkpoint(folder, CheckpointRecord.model_validate_json(path.read_bytes()))
    except FileNotFoundError as error:
        raise HandOffBroken(f"{path} is missing; copy the whole checkpoint folder") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"])) or RECORD
        raise HandOffBroken(f"{path}: {place}: {problem['msg']}") from error


def find_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at a path: its own folder, or a run's folder (the best, or the newest).

    Raises:
        InputRejected: There is no checkpoint at the path.
    """
    if (path / RECORD).is_file():
        return read_checkpoint(path)
    found = RunFolder(path).best()
    if found is None:
        raise InputRejected(f"no checkpoint at {path}; `malsori-train fit ... --run {path}` makes one")
    return found


def versions() -> dict[str, str]:
    """What the numbers of a run depend on."""
    packages = ("malsori", "torch", "torchaudio", "numpy", "pyarrow", "safetensors", "soundfile")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _serialise(tensors: Mapping[str, Tensor]) -> bytes:
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content: bytes = safetensors.torch.save(on_cpu)
    return content


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
