"""A checkpoint: a recogniser, and everything that a run needs to resume.

    model.safetensors       weights and statistics to recognise with: averaged, if the run averages
    training.safetensors    the weights that training continues with, if it averages
    optimiser.safetensors   the optimiser's tensors
    checkpoint.json         everything else
    README.md               the model card

Nothing in it is pickled. No generator's state is saved: every step has its own seed
(`LoopSettings.seed_for`).
"""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import safetensors.torch
import torch
from pydantic import Field, NonNegativeInt, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from pipeline.audio.settings import FrontEndSettings
from pipeline.contract.errors import HandOffBroken
from pipeline.contract.files import file_sha256
from pipeline.contract.manifest import Sha256, VocabularyRecord
from pipeline.contract.settings import Settings
from pipeline.contract.validation import first_problem
from train.data.sources import ShardSource
from train.loop.optim import Averaged
from train.model.deepspeech2 import Recogniser
from train.settings import TrainSettings

MODEL: Final = "model.safetensors"
TRAINING: Final = "training.safetensors"
OPTIMISER: Final = "optimiser.safetensors"
RECORD: Final = "checkpoint.json"


class Best(Settings):
    """A validation that was among the best."""

    per: float
    step: NonNegativeInt


class Position(Settings):
    """How far a run has come: `step_in_epoch` steps of `epoch` are done.

    Attributes:
        best: The best validations, best first.
        since_best: The number of validations since the best one.
        cuts: How often the plateau schedule has lowered the learning rate.
    """

    step: NonNegativeInt = 0
    epoch: NonNegativeInt = 0
    step_in_epoch: NonNegativeInt = 0
    skipped: NonNegativeInt = 0
    skipped_in_a_row: NonNegativeInt = 0
    valid_per: float | None = None
    best: tuple[Best, ...] = ()
    since_best: NonNegativeInt = 0
    cuts: NonNegativeInt = 0


class TrainedOn(Settings):
    """A manifest that a run was trained on.

    Attributes:
        content_sha256: Of its shards and vocabulary.
        corpora: Title and licence of each.
        front_ends: What its recordings went through, each kind once; those of a manifest that
            does not say are missing.
        denoisers: Read from old checkpoints; no longer written. Those without `front_ends` name
            the engines that denoised their recordings.
    """

    name: str
    path: str
    content_sha256: Sha256
    train_hours: float
    corpora: tuple[str, ...]
    front_ends: tuple[FrontEndSettings, ...] = ()
    denoisers: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: ShardSource) -> "TrainedOn":
        """The record of `source`. Two runs of the pipeline that made the same shards give the same hash."""
        manifest = source.manifest
        shards = [(shard.split, shard.ranges, shard.sha256) for shard in manifest.shards]
        content = json.dumps([manifest.vocabulary.sha256, shards])
        front_ends = (FrontEndSettings.of_run(settings.values) for settings in manifest.settings)
        return cls(
            name=manifest.name,
            path=source.path,
            content_sha256=hashlib.sha256(content.encode()).hexdigest(),
            train_hours=sum(shard.seconds for shard in manifest.split_shards("train")) / 3600,
            corpora=tuple(f"{each.corpus.title} ({each.corpus.licence})" for each in manifest.sources),
            front_ends=tuple(dict.fromkeys(each for each in front_ends if each is not None)),
        )


class CheckpointRecord(Settings):
    """checkpoint.json."""

    format: Literal[1] = 1
    position: Position
    settings: TrainSettings
    vocabulary: VocabularyRecord
    manifests: tuple[TrainedOn, ...]
    ranks: Annotated[int, Field(ge=1)] = 1
    versions: dict[str, str]
    command: str
    files: dict[str, Sha256]
    optimiser: dict[str, Any]  # what is not a tensor: parameter groups, numbers, the loss scale

    @property
    def front_end(self) -> FrontEndSettings:
        """What a recording goes through before it is recognised: the first manifest's front end."""
        return next(iter(self._front_ends()), FrontEndSettings.off())

    @property
    def front_end_warning(self) -> str | None:
        """Why recordings may be heard otherwise than in training; None if they are heard alike."""
        known = self._front_ends()
        if len(known) > 1:
            return (
                f"this model was trained on recordings treated in {len(known)} ways; yours are treated in the"
                f" first: {self.front_end.describe()}"
            )
        if known:
            return None
        engines = sorted({engine for manifest in self.manifests for engine in manifest.denoisers})
        denoised = f" (denoised by {' and '.join(engines)})" if engines else ""
        return (
            f"this model does not record how its training recordings were treated{denoised}: yours are"
            " recognised as they are, without shortening pauses or denoising"
        )

    def _front_ends(self) -> list[FrontEndSettings]:
        """Each kind once, in the order of the manifests."""
        return list(dict.fromkeys(each for manifest in self.manifests for each in manifest.front_ends))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk; its record has been read and checked, its tensors have not."""

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

    def load_weights(self, recogniser: Recogniser, name: str = MODEL) -> None:
        """Fill `recogniser` with the checkpoint's weights."""
        try:
            recogniser.load_state_dict(self.tensors(name))
        except RuntimeError as error:
            raise HandOffBroken(f"{self.folder}: the weights are of another model: {error}") from error

    def restore(
        self, recogniser: Recogniser, optimiser: torch.optim.Optimizer, averaged: Averaged | None = None
    ) -> None:
        """Give the recogniser, the optimiser and the average the state they had."""
        if averaged is not None:
            averaged.load(self.tensors(MODEL))
        self.load_weights(recogniser, TRAINING if averaged is not None else MODEL)
        state: dict[int, dict[str, Any]] = {}
        for key, value in self.tensors(OPTIMISER).items():
            parameter, name = key.split(".", 1)
            state.setdefault(int(parameter), {})[name] = value
        for parameter, numbers in self.record.optimiser["numbers"].items():
            state.setdefault(int(parameter), {}).update(numbers)
        groups = [
            {**group, "betas": tuple(group["betas"])} if "betas" in group else group
            for group in self.record.optimiser["groups"]
        ]
        optimiser.load_state_dict({"state": state, "param_groups": groups})

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of one of the checkpoint's files.

        Raises:
            HandOffBroken: The file is missing, or its hash is not the recorded one.
        """
        path = self.folder / name
        try:
            if file_sha256(path) != self.record.files.get(name):
                raise HandOffBroken(f"{path} does not have the hash that {RECORD} gives; copy it again")
            tensors: dict[str, Tensor] = safetensors.torch.load_file(path)
        except FileNotFoundError as error:
            raise HandOffBroken(f"{path} is missing; copy the whole checkpoint folder") from error
        except SafetensorError as error:
            raise HandOffBroken(f"{path} is not a safetensors file: {error}") from error
        return tensors


def capture(
    recogniser: Recogniser,
    optimiser: torch.optim.Optimizer,
    *,
    position: Position,
    settings: TrainSettings,
    sources: list[ShardSource],
    averaged: Averaged | None = None,
    scale: dict[str, Any] | None = None,
    ranks: int = 1,
) -> tuple[dict[str, bytes], CheckpointRecord]:
    """The state of a run, ready to be written: the content of each file, and the record."""
    state = optimiser.state_dict()
    slots = [(i, name, value) for i, slot in state["state"].items() for name, value in slot.items()]
    numbers: dict[str, dict[str, Any]] = {}
    for i, name, value in slots:
        if not isinstance(value, Tensor):
            numbers.setdefault(str(i), {})[name] = value
    live = recogniser.state_dict()
    files = {
        MODEL: _serialise(averaged.state if averaged else live),
        OPTIMISER: _serialise(
            {f"{i}.{name}": value for i, name, value in slots if isinstance(value, Tensor)}
        ),
    }
    if averaged:
        files[TRAINING] = _serialise(live)
    record = CheckpointRecord(
        position=position,
        settings=settings,
        vocabulary=VocabularyRecord.of(recogniser.vocabulary),
        manifests=tuple(map(TrainedOn.of, sources)),
        ranks=ranks,
        versions=versions(),
        command=" ".join(sys.argv),
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        optimiser={"groups": state["param_groups"], "numbers": numbers, "scale": scale or {}},
    )
    return files, record


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and check a checkpoint's record, which is untrusted input.

    Raises:
        HandOffBroken: The record is missing, invalid or of another format.
    """
    path = folder / RECORD
    try:
        return Checkpoint(folder, CheckpointRecord.model_validate_json(path.read_bytes()))
    except FileNotFoundError as error:
        raise HandOffBroken(f"{path} is missing; copy the whole checkpoint folder") from error
    except ValidationError as error:
        raise HandOffBroken(f"{path}: {first_problem(error)}") from error


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that a run's numbers depend on."""
    packages = ("malsori", "torch", "torchaudio", "numpy", "pyarrow", "safetensors", "soundfile")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _serialise(tensors: Mapping[str, Tensor]) -> bytes:
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content: bytes = safetensors.torch.save(on_cpu)
    return content
