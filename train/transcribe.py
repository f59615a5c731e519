"""Audio files to IPA.

Shapes: N batch, S samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import torch

from pipeline.contract.errors import InputRejected
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.decode import DECODERS
from train.evaluate import recognise
from train.model import Recogniser

HEADERLESS: Final = ".pcm"  # KsponSpeech: signed 16 bit, little-endian, 16 kHz, mono
FULL_SCALE: Final = 32_767


@dataclass(frozen=True, slots=True)
class Transcribed:
    """One file: its symbols, or why it could not be read."""

    path: Path
    symbols: tuple[str, ...]
    problem: str | None = None


def transcribe(recogniser: Recogniser, paths: Sequence[Path], *, decoder: str) -> Iterator[Transcribed]:
    """Recognise files one by one; a file that cannot be read is named and the rest go on."""
    recogniser.eval()
    for path in paths:
        try:
            samples = read_audio(path)
        except InputRejected as error:
            yield Transcribed(path, (), str(error))
            continue
        pcm_NS = torch.from_numpy(samples).unsqueeze(0)
        log_probs_TNV, frames_N = recognise(recogniser, pcm_NS, torch.tensor([len(samples)]))
        (labels,) = DECODERS[decoder](log_probs_TNV, frames_N)
        yield Transcribed(path, tuple(recogniser.vocabulary.decode(labels)))


def read_audio(path: Path) -> npt.NDArray[np.int16]:
    """A recording of any rate and any number of channels, as 16 kHz mono.

    Returns:
        Samples, int16, shape (S,), at least one.

    Raises:
        InputRejected: There is no such file, it is not audio, or it is empty.
    """
    if not path.is_file():
        raise InputRejected(f"no audio file at {path}")
    if path.suffix.lower() == HEADERLESS:
        content = path.read_bytes()
        samples = np.frombuffer(content[: len(content) // 2 * 2], "<i2")
    else:
        samples = _decode(path)
    if not samples.size:
        raise InputRejected(f"{path} holds no samples")
    return samples.copy()


def _decode(path: Path) -> npt.NDArray[np.int16]:
    try:
        wave, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InputRejected(f"{path} is not audio that libsndfile reads: {error}") from error
    mono = wave.mean(axis=1)
    if not np.isfinite(mono).all():
        raise InputRejected(f"{path} holds samples that are not finite")
    if rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ)
    return np.asarray(np.clip(np.round(mono * FULL_SCALE), -FULL_SCALE - 1, FULL_SCALE), np.int16)
