"""A checkpoint: a recogniser, and everything that a run needs to resume.

    model.safetensors       weights and statistics to recognise with: averaged, if the run averages
    training.safetensors    the weights that training continues with, if it averages
    optimiser.safetensors   the optimiser's tensors
    checkpoint.json         everything else (record.py)
    README.md               the model card

Nothing in it is pickled. No generator's state is saved: every step has its own seed
(`LoopSettings.seed_for`). Anyone may have written it: the shapes that its settings give are
compared with those that its files claim before anything is allocated.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.manifest import VocabularyRecord
from pipeline.contract.text import printable, shorten
from train.data.sources import ShardSource
from train.loop.optim import Averaged, divide_parameters, slot_names
from train.model.deepspeech2 import Recogniser, layout_of
from train.run.record import (
    MODEL,
    OPTIMISER,
    RECORD,
    TRAINING,
    CheckpointRecord,
    FileName,
    OptimiserRecord,
    Position,
    TrainedOn,
    read_checkpoint_record,
)
from train.run.tensors import TensorHeader, open_tensors
from train.settings import DecodeSettings, TrainSettings

LONGEST_COMMAND = 10_000
Headers = Mapping[str, TensorHeader]


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
        weights = self.tensors(
            MODEL
        )  # before anything is built: they agree with the settings, or are refused
        try:
            recogniser = Recogniser(self.record.settings, self.record.vocabulary.vocabulary())
        except InputRejected as error:
            raise HandOffBroken(f"{self.folder}: {error}") from error
        recogniser.load_state_dict(weights)
        return recogniser

    def restore(
        self,
        recogniser: Recogniser,
        optimiser: torch.optim.Optimizer,
        averaged: Averaged | None = None,
        scaler: GradScaler | None = None,
    ) -> None:
        """Give the recogniser, the optimiser, the average and the scale the state they had.

        Raises:
            HandOffBroken: The checkpoint has not the state of such a run.
        """
        if averaged is not None:
            averaged.load(self.tensors(MODEL))
        recogniser.load_state_dict(self.tensors(TRAINING if averaged is not None else MODEL))
        state: dict[int, dict[str, Any]] = {}
        for key, value in self.tensors(OPTIMISER).items():
            parameter, name = key.split(".", 1)
            state.setdefault(int(parameter), {})[name] = value
        for place, numbers in self.record.optimiser.numbers.items():
            state.setdefault(int(place) if place.isdecimal() else -1, {}).update(numbers)
        own = optimiser.state_dict()
        self._check_slots(state, optimiser)
        # The groups follow from the settings, which `check_resumable` has compared.
        optimiser.load_state_dict({"state": state, "param_groups": own["param_groups"]})
        if scaler is not None and scaler.is_enabled():
            try:
                scaler.load_state_dict(self.record.optimiser.scale)
            except (KeyError, RuntimeError) as error:
                raise HandOffBroken(f"{self.folder}: the scale of the loss is missing: {error}") from error

    def decoding_with(self, settings: DecodeSettings) -> "Checkpoint":
        """The same checkpoint with other settings of the decoders: no training depends on them."""
        changed = self.record.settings.model_copy(update={"decode": settings})
        return replace(self, record=self.record.model_copy(update={"settings": changed}))

    def check_files(self, *names: FileName) -> None:
        """Read files, by default all of them, and discard what they hold.

        Raises:
            HandOffBroken: One is missing, damaged or of another model.
        """
        for name in names or tuple(self.record.files):
            self.tensors(name)

    def tensors(self, name: FileName) -> dict[str, Tensor]:
        """The tensors of one of the checkpoint's files.

        Raises:
            HandOffBroken: The file is missing, its tensors are not those that the settings give, or
                its hash is not the recorded one.
        """
        check = self._check_optimiser if name == OPTIMISER else self._check_weights
        with open_tensors(self.folder / name) as found:
            problem = check(found.headers)
            if problem is not None:
                raise HandOffBroken(f"{found.path}: the tensors are of another model: {shorten(problem)}")
            return found.read(sha256=self.record.files.get(name))

    def _check_weights(self, headers: Headers) -> str | None:
        expected, _ = layout_of(self.record.settings, classes=len(self.record.vocabulary.symbols) + 1)
        different = sorted(expected.keys() ^ headers.keys())
        if different:
            return f"{different[0]} is only in {'the file' if different[0] in headers else 'the settings'}"
        for name, header in headers.items():
            if (header.shape, header.dtype) != (expected[name], torch.float32):
                found = f"{header.shape} of {header.dtype}"
                return f"{name} has the shape {found}; the settings give {expected[name]} of torch.float32"
        return None

    def _check_optimiser(self, headers: Headers) -> str | None:
        """Each tensor belongs to a parameter and has its shape, or is smaller along some dimensions."""
        _, shapes = layout_of(self.record.settings, classes=len(self.record.vocabulary.symbols) + 1)
        parameters = [shape for group in divide_parameters(shapes, dims=len) for shape in group]
        for key, header in headers.items():
            place, _, slot = key.partition(".")
            if not (place.isdecimal() and slot and len(place) < 9 and int(place) < len(parameters)):
                return f"there is no parameter {place}"
            shape = parameters[int(place)]
            if header.shape and not (
                len(header.shape) <= len(shape)
                and all(
                    own in {1, whole} for own, whole in zip(header.shape[::-1], shape[::-1], strict=False)
                )
            ):
                return f"{key} has the shape {header.shape}, its parameter {shape}"
        return None

    def _check_slots(self, state: dict[int, dict[str, Any]], optimiser: torch.optim.Optimizer) -> None:
        parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        names = slot_names(self.record.settings.optim, device=parameters[0].device)
        for place, slots in state.items():
            if not 0 <= place < len(parameters) or slots.keys() != names[parameters[place].dim() > 1]:
                raise HandOffBroken(
                    f"{self.folder}: parameter {place} has not the state that"
                    f" {self.record.settings.optim.name} gives it: {shorten(', '.join(slots))}"
                )


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
) -> tuple[dict[FileName, bytes], CheckpointRecord]:
    """The state of a run, ready to be written: the content of each file, and the record."""
    state = optimiser.state_dict()
    slots = [(i, name, value) for i, slot in state["state"].items() for name, value in slot.items()]
    numbers: dict[str, dict[str, Any]] = {}
    for i, name, value in slots:
        if not isinstance(value, Tensor):
            numbers.setdefault(str(i), {})[name] = value
    live = recogniser.state_dict()
    files: dict[FileName, bytes] = {
        MODEL: _serialise(averaged.state if averaged else live),
        OPTIMISER: _serialise(
            {f"{i}.{name}": value for i, name, value in slots if isinstance(value, Tensor)}
        ),
    }
    if averaged:
        files[TRAINING] = _serialise(live)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    record = _make_record(
        recogniser,
        state["param_groups"],
        hashes,
        position=position,
        settings=settings,
        sources=sources,
        numbers=numbers,
        scale=scale or {},
        ranks=ranks,
    )
    return files, record


def require_storable(
    recogniser: Recogniser,
    optimiser: torch.optim.Optimizer,
    *,
    settings: TrainSettings,
    sources: list[ShardSource],
    ranks: int,
) -> None:
    """Find out before the first step that a run's checkpoints can be read back.

    Raises:
        InputRejected: They could not.
    """
    _make_record(
        recogniser,
        optimiser.state_dict()["param_groups"],
        dict.fromkeys((MODEL, OPTIMISER), hashlib.sha256(b"").hexdigest()),
        position=Position(),
        settings=settings,
        sources=sources,
        numbers={},
        scale={},
        ranks=ranks,
    ).to_text()


def _make_record(
    recogniser: Recogniser,
    groups: list[dict[str, Any]],
    hashes: dict[FileName, str],
    *,
    position: Position,
    settings: TrainSettings,
    sources: list[ShardSource],
    numbers: dict[str, dict[str, Any]],
    scale: dict[str, Any],
    ranks: int,
) -> CheckpointRecord:
    return CheckpointRecord(
        position=position,
        settings=settings,
        vocabulary=VocabularyRecord.of(recogniser.vocabulary),
        manifests=tuple(map(TrainedOn.of, sources)),
        ranks=ranks,
        versions=versions(),
        command=printable(" ".join(sys.argv))[:LONGEST_COMMAND],
        files=hashes,
        optimiser=OptimiserRecord(
            groups=tuple(json.loads(json.dumps(group)) for group in groups),  # no tuples, as when read back
            numbers=numbers,
            scale=scale,
        ),
    )


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and check a checkpoint's record, which is untrusted input.

    Raises:
        HandOffBroken: The record is missing, invalid or of another format.
    """
    return Checkpoint(folder, read_checkpoint_record(folder / RECORD))


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that a run's numbers depend on."""
    packages = ("malsori", "torch", "torchaudio", "numpy", "pyarrow", "safetensors", "soundfile")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _serialise(tensors: Mapping[str, Tensor]) -> bytes:
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content: bytes = safetensors.torch.save(on_cpu)
    return content
