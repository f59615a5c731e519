"""The values that flow through the pipeline: Utterance -> Clip -> Example, or Dropped."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NewType, TypeAlias

from pipeline.contract.reasons import Reason, Stage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Waveform: TypeAlias = npt.NDArray[np.float32]
else:
    Waveform = Any  # annotations like `Waveform | None` are evaluated; numpy is not loaded for them
"""Mono samples, shape (S,), float32, full scale 1."""

UtteranceId = NewType("UtteranceId", str)
"""`<corpus>/<speaker>/<utterance>` or `<corpus>/<utterance>`: stable, never an index."""


class Annotation(StrEnum):
    """The marks that a corpus' transcripts carry."""

    PLAIN = "plain"
    KSPON = "kspon"
    AIHUB_DIALECT = "aihub_dialect"


@dataclass(frozen=True, slots=True)
class Dropped:
    """One utterance that is not in the shards, and why. `detail` is for a human reader."""

    id: UtteranceId
    stage: Stage
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A stage's verdict against an utterance; the worker adds the id and the stage."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class AudioSource:
    """Where an utterance's samples lie.

    Attributes:
        path: The recording.
        offset_s: Start of the utterance in the recording, seconds.
        length_s: Length of the utterance in seconds; None is up to the end.
    """

    path: Path
    offset_s: float = 0.0
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class TextFile:
    """A transcript that lies in a file of its own, read by the worker."""

    path: Path
    encoding: str


FORMS_SEPARATOR = "\x1f"
"""Unit separator: parts the two forms in a raw transcript; white space to everyone else."""


def two_forms(*, spelling: str, spoken: str) -> str:
    """A raw transcript of a corpus that writes down both the spelling and what was said."""
    return f"{spelling}{FORMS_SEPARATOR}{spoken}"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance as a corpus lists it, before anything is read.

    Attributes:
        id: Unique in the corpus.
        speaker: `<corpus>/<speaker>`, or None where the corpus names none.
        audio: The recording; it may turn out to be missing.
        transcript: Raw text (one form or `two_forms`), a file that holds it, or None where there
            is none.
        split: The corpus' own split ("train", "valid", "test"), or None.
    """

    id: UtteranceId
    speaker: str | None
    audio: AudioSource
    transcript: str | TextFile | None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A cleaned transcript: how it is spelled, and what was said (the labels' source)."""

    spelling: str
    spoken: str


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """Which samples of which file an utterance is made of; `sha256` is of the file's bytes."""

    rate_hz: int
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Recording:
    """The decoded samples of one utterance, as they are in the file.

    Attributes:
        wave: Mono, shape (S,), float32, at `source.rate_hz`.
        source: Where in which file the samples lie.
        note: What was mended while reading (a byte dropped from an odd-length file), or None.
    """

    wave: Waveform
    source: SourceSpan
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the audio stage measured, before denoising; levels in dBFS."""

    silence_removed_samples: int
    noise_floor_db: float
    speech_level_db: float
    peak: float


@dataclass(frozen=True, slots=True)
class Clip:
    """The processed audio of an utterance.

    Attributes:
        wave: Shape (S,), float32, 16 kHz.
        kept: (start, end) spans of the utterance that remain, in samples of the recording at
            its own rate, counted from the recording's start.
    """

    wave: Waveform
    kept: tuple[tuple[int, int], ...]
    measurements: Measurements


@dataclass(frozen=True, slots=True)
class Labelled:
    """An utterance's labels and the forms between spelling and labels."""

    pronunciation: str
    ipa: tuple[str, ...]
    labels: tuple[int, ...]
    romanized: str


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a shard; `source_path` is relative to the corpus root, `split` is the final one."""

    utterance: Utterance
    transcript: Transcript
    clip: Clip
    labelled: Labelled
    source_path: str
    source: SourceSpan
    split: str
