"""Recordings of any kind as 16 kHz mono, in pieces that a recogniser was trained to hear.

Shapes: S samples.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from pipeline.contract.errors import InputRejected
from pipeline.contract.schema import SAMPLE_RATE_HZ

Samples = npt.NDArray[np.int16]
HEADERLESS: Final = ".pcm"  # KsponSpeech: signed 16 bit, little-endian, 16 kHz, mono
# What is taken for audio in a folder. libsndfile reads no AAC: such a file is named, not passed over.
SUFFIXES: Final = frozenset(
    ".pcm .wav .flac .mp3 .ogg .oga .opus .aif .aiff .au .caf .w64 .m4a .aac .wma .webm .amr".split()
)
FULL_SCALE: Final = 32_767
BLOCK_S: Final = 30
HOP: Final = SAMPLE_RATE_HZ // 100
PAUSE_HOPS: Final = 20  # 0.2 s: shorter than most pauses, longer than a closed p, t or k


def find_audio(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as they are given, and the audio files of folders, sorted; an empty folder is itself named."""
    for path in paths:
        if path.is_dir():
            found = sorted(
                each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file()
            )
            yield from found or [path]
        else:
            yield path


def read_audio(path: Path) -> Samples:
    """A recording of any rate and any number of channels, as 16 kHz mono.

    It is read in blocks: an hour of 48 kHz stereo takes 115 MB here, not 1.4 GB.

    Returns:
        Samples, int16, shape (S,), at least one.

    Raises:
        InputRejected: There is no such file, it is not audio, or it is empty.
    """
    if path.is_dir():
        raise InputRejected(f"no audio file in folder {path}")
    if not path.is_file():
        raise InputRejected(f"no audio file at {path}")
    try:
        samples = _read_headerless(path) if path.suffix.lower() == HEADERLESS else _decode(path)
    except soundfile.LibsndfileError as error:
        raise InputRejected(f"{path} is not audio that libsndfile reads: {error}") from error
    except OSError as error:
        raise InputRejected(f"{path} cannot be read: {error.strerror}") from error
    if not samples.size:
        raise InputRejected(f"{path} holds no samples")
    return samples


def cut_at_pauses(samples: Samples, *, longest: int) -> list[Samples]:
    """Pieces of at most `longest` samples that make up the whole, cut where it is quietest.

    A cut lies in the second half of what a piece may hold, in the middle of its quietest
    0.2 s: mostly a pause, so that no phone is cut in two and pieces need not overlap.
    """
    pieces = []
    start = 0
    while len(samples) - start > longest:
        end = start + longest // 2 + _quietest(samples[start + longest // 2 : start + longest])
        pieces.append(samples[start:end])
        start = end
    return [*pieces, samples[start:]]


def _quietest(window: Samples) -> int:
    """The middle of the quietest 0.2 s; the end of a window too short to have any."""
    hops = len(window) // HOP
    if not hops:
        return len(window)
    energy = np.square(window[: hops * HOP].astype(np.float32).reshape(hops, HOP)).sum(axis=1)
    width = min(PAUSE_HOPS, hops)
    return (int(np.convolve(energy, np.ones(width), "valid").argmin()) + width // 2) * HOP


def _read_headerless(path: Path) -> Samples:
    content = path.read_bytes()
    return np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.int16)


def _decode(path: Path) -> Samples:
    with soundfile.SoundFile(path) as recording:
        rate_hz = recording.samplerate
        resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
        parts = [np.zeros(0, np.int16)]
        for block in recording.blocks(BLOCK_S * rate_hz, dtype="float32", always_2d=True):
            mono = block.mean(axis=1)
            if not np.isfinite(mono).all():
                raise InputRejected(f"{path} holds samples that are not finite")
            parts.append(_rounded(mono if rate_hz == SAMPLE_RATE_HZ else resampler.resample_chunk(mono)))
    if rate_hz != SAMPLE_RATE_HZ:
        parts.append(_rounded(resampler.resample_chunk(np.zeros(0, np.float32), last=True)))
    return np.concatenate(parts)


def _rounded(wave: npt.NDArray[np.float32]) -> Samples:
    return np.asarray(np.clip(np.round(wave * FULL_SCALE), -FULL_SCALE - 1, FULL_SCALE), np.int16)
