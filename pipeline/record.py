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
    """The kind of marks in a corpus' transcripts."""

    PLAIN = "plain"
    KSPON = "kspon"
    AIHUB_DIALECT = "aihub_dialect"


@dataclass(frozen=True, slots=True)
class Dropped:
    """An utterance that was left out of the shards, and why; `detail` says it to a human reader."""

    id: UtteranceId
    stage: Stage
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a stage refuses an utterance; the worker adds the utterance's id and the stage."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class AudioSource:
    """Where the samples of an utterance are.

    Attributes:
        path: The recording.
        offset_s: Start of the utterance in the recording, seconds.
        length_s: Length of the utterance in seconds; None means up to the end of the recording.
    """

    path: Path
    offset_s: float = 0.0
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class TextFile:
    """A transcript in a file of its own; the worker reads it."""

    path: Path
    encoding: str


FORMS_SEPARATOR = "\x1f"
"""Unit separator: stands between the two forms of a raw transcript, and counts as white space elsewhere."""


def two_forms(*, spelling: str, spoken: str) -> str:
    """A raw transcript of a corpus that writes down both the spelling and what was said."""
    return f"{spelling}{FORMS_SEPARATOR}{spoken}"


@dataclass(frozen=True, slots=True)
class Utterance:
    """An utterance as its corpus lists it; no recording has been opened yet.

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
        note: What was repaired while reading (such as a byte too many at the end), or None.
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
    """The labels of an utterance, and its forms between spelling and labels."""

    pronunciation: str
    ipa: tuple[str, ...]
    labels: tuple[int, ...]
    romanized: str


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a shard. `source_path` is relative to the corpus root; `split` is the final split."""

    utterance: Utterance
    transcript: Transcript
    clip: Clip
    labelled: Labelled
    source_path: str
    source: SourceSpan
    split: str
