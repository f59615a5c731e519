"""checkpoint.json: how far a run has come, with what settings, trained on what.

It is read back before it is written, so that no checkpoint takes the place of another and cannot
be used. What is read may have been written by anyone: it is strict and takes bounded memory.
"""

import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, NonNegativeInt, ValidationError, model_validator

from pipeline.audio.settings import FrontEndSettings
from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import read_regular
from pipeline.contract.manifest import FIRST_FAULT, Sha256, VocabularyRecord
from pipeline.contract.settings import Settings
from pipeline.contract.text import printable, shorten
from pipeline.contract.validation import first_problem
from train.data.sources import ShardSource
from train.limits import MOST_STEPS
from train.settings import TrainSettings

MODEL: Final = "model.safetensors"
TRAINING: Final = "training.safetensors"
OPTIMISER: Final = "optimiser.safetensors"
RECORD: Final = "checkpoint.json"
FileName = Literal["model.safetensors", "training.safetensors", "optimiser.safetensors"]

MOST_RECORD_BYTES: Final = 8 * 2**20  # a run on a thousand manifests has one of 1 MB
MOST_RECORD_VALUES: Final = 300_000
MOST_RECORD_KEYS: Final = 2_000  # in one object; the most settings allow is 1,100 parameters


class Best(Settings):
    """A validation that was among the best."""

    per: float
    step: Annotated[int, Field(ge=0, le=MOST_STEPS)]


class Position(Settings):
    """How far a run has come: `step_in_epoch` steps of `epoch` are done.

    Attributes:
        best: The best validations, best first.
        since_best: The number of validations since the best one.
        cuts: How often the plateau schedule has lowered the learning rate.
    """

    step: Annotated[int, Field(ge=0, le=MOST_STEPS)] = 0
    epoch: NonNegativeInt = 0
    step_in_epoch: NonNegativeInt = 0
    skipped: NonNegativeInt = 0
    skipped_in_a_row: NonNegativeInt = 0
    valid_per: float | None = None
    best: Annotated[tuple[Best, ...], FIRST_FAULT] = ()
    since_best: NonNegativeInt = 0
    cuts: NonNegativeInt = 0


class TrainedOn(Settings):
    """A manifest that a run was trained on.

    Attributes:
        path: The URL, or the absolute path; old checkpoints have it as it was given.
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
    corpora: Annotated[tuple[str, ...], FIRST_FAULT]
    front_ends: Annotated[tuple[FrontEndSettings, ...], FIRST_FAULT] = ()
    denoisers: Annotated[tuple[str, ...], FIRST_FAULT] = ()

    @classmethod
    def of(cls, source: ShardSource) -> "TrainedOn":
        """The record of `source`. Two runs of the pipeline that made the same shards give the same hash.

        Raises:
            HandOffBroken: Its shards claim to last longer than a number can say.
        """
        manifest = source.manifest
        shards = [(shard.split, shard.ranges, shard.sha256) for shard in manifest.shards]
        content = json.dumps([manifest.vocabulary.sha256, shards])
        train_hours = sum(shard.seconds for shard in manifest.split_shards("train")) / 3600
        if not math.isfinite(train_hours):
            raise HandOffBroken(f"{source.path}: its shards claim more seconds than a number can say")
        front_ends = (FrontEndSettings.of_run(settings.values) for settings in manifest.settings)
        return cls(
            name=manifest.name,
            path=printable(source.path if "://" in source.path else str(Path(source.path).absolute())),
            content_sha256=hashlib.sha256(content.encode()).hexdigest(),
            train_hours=train_hours,
            corpora=tuple(f"{each.corpus.title} ({each.corpus.licence})" for each in manifest.sources),
            front_ends=tuple(dict.fromkeys(each for each in front_ends if each is not None)),
        )


class OptimiserRecord(Settings):
    """What an optimiser's state has beside tensors.

    Attributes:
        groups: For people. They follow from the settings, which is where they are taken from.
        numbers: The numbers of each parameter, by the parameter's place.
        scale: The state of the scale of fp16 losses; empty in other precisions.
    """

    groups: Annotated[tuple[dict[str, Any], ...], FIRST_FAULT]
    numbers: dict[str, dict[str, float | int | bool | None]]
    scale: dict[str, float | int]


class CheckpointRecord(Settings):
    """checkpoint.json."""

    format: Literal[1] = 1
    position: Position
    settings: TrainSettings
    vocabulary: VocabularyRecord
    manifests: Annotated[tuple[TrainedOn, ...], FIRST_FAULT]
    ranks: Annotated[int, Field(ge=1)] = 1
    versions: dict[str, str]
    command: str
    files: dict[FileName, Sha256]
    optimiser: OptimiserRecord

    @model_validator(mode="after")
    def _files_are_named(self) -> Self:
        missing = {MODEL, OPTIMISER}.difference(self.files)
        if missing:
            raise ValueError(f"files: no hash of {', '.join(sorted(missing))}")
        return self

    def to_text(self) -> str:
        """The text of checkpoint.json.

        Raises:
            InputRejected: It could not be read back.
        """
        text = self.model_dump_json(indent=1) + "\n"
        try:
            same = parse_record(text.encode()) == self
        except ValueError as error:
            raise InputRejected(f"this run's checkpoints could not be read back: {error}") from error
        if not same:
            raise InputRejected(
                "this run's checkpoints would not be read back as they are: change the settings"
            )
        return text

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


def read_checkpoint_record(path: Path) -> CheckpointRecord:
    """Read and check a checkpoint.json, which is untrusted input.

    Raises:
        HandOffBroken: It is missing, not a regular file, invalid or of another format.
    """
    try:
        return parse_record(read_regular(path, most_bytes=MOST_RECORD_BYTES))
    except FileNotFoundError as error:
        raise HandOffBroken(f"{path} is missing; copy the whole checkpoint folder") from error
    except OSError as error:
        raise HandOffBroken(f"{path} cannot be read: {error.strerror}; copy it again") from error
    except ValueError as error:
        raise HandOffBroken(f"{path}: {shorten(str(error))}") from error


def parse_record(raw: bytes) -> CheckpointRecord:
    """The record in the bytes of a checkpoint.json.

    Raises:
        ValueError: They are not one, or it is too large.
    """
    if len(raw) > MOST_RECORD_BYTES or sum(map(raw.count, (b",", b"[", b"{"))) > MOST_RECORD_VALUES:
        raise ValueError(
            f"a record of {len(raw):,} bytes is too large; expected at most {MOST_RECORD_BYTES:,} bytes and"
            f" {MOST_RECORD_VALUES:,} values"
        )
    try:
        json.loads(raw, object_pairs_hook=_small_object)
        return CheckpointRecord.model_validate_json(raw)
    except ValidationError as error:
        raise ValueError(first_problem(error)) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _small_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without repeated keys and without many: each unknown one would be an error to list."""
    content = dict(pairs)
    if len(pairs) > MOST_RECORD_KEYS or len(content) != len(pairs):
        raise ValueError(f"an object of {len(pairs):,} keys, of which {len(content):,} are different")
    return content
