"""Audio files to IPA, with times, and to Hangul.

Shapes: N batch, S samples, T frames, V vocabulary and blank.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import forced_align, merge_tokens

from pipeline.audio.hearing import HeardRecording, hear_recording
from pipeline.audio.samples import Pcm16
from pipeline.audio.settings import FrontEndSettings
from pipeline.contract.files import is_folder
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.decoding.greedy import Decode, Decoded
from train.decoding.hangul import compose_syllables
from train.model.deepspeech2 import Recogniser
from train.model.inference import inference_batching, recognise

# What counts as audio in a folder. libsndfile reads no AAC: such a file is reported, not passed over.
SUFFIXES: Final = frozenset(
    ".pcm .raw .wav .flac .mp3 .ogg .oga .opus .aif .aiff .au .caf .w64 .m4a .aac .wma .webm .amr".split()
)
HOP: Final = SAMPLE_RATE_HZ // 100
PAUSE_HOPS: Final = 20  # 0.2 s: shorter than most pauses, longer than a closed p, t or k


@dataclass(frozen=True, slots=True)
class Phone:
    """A symbol and when it was heard, in seconds of the recording."""

    symbol: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Transcribed:
    """One file: its phones and its text in Hangul, or why it could not be read."""

    path: Path
    seconds: float = 0.0
    phones: tuple[Phone, ...] = ()
    hangul: str = ""
    problem: str | None = None

    @property
    def ipa(self) -> str:
        """The symbols, joined by spaces."""
        return " ".join(phone.symbol for phone in self.phones)


def find_audio(paths: Iterable[Path]) -> Iterator[Path]:
    """The given files, and the audio files in the given folders, sorted; an empty folder yields itself.

    What has an audio file's name and is none, such as a link to nothing, is found too: to be reported.
    """
    for path in paths:
        if is_folder(path):
            found = sorted(
                each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and not is_folder(each)
            )
            yield from found or [path]
        else:
            yield path


def transcribe(
    recogniser: Recogniser, paths: Iterable[Path], decode: Decode, *, front_end: FrontEndSettings
) -> Iterator[Transcribed]:
    """Recognise files one by one; one that cannot be read is reported, and the rest go on.

    Args:
        recogniser: Trained behind `front_end`.
        paths: Recordings; a folder is reported as one without audio.
        decode: Log-probabilities to labels.
        front_end: What is done to a recording before it is recognised.
    """
    recogniser.eval()
    for path in paths:
        if is_folder(path):
            yield Transcribed(path, problem=f"no audio file in folder {path}")
            continue
        heard = hear_recording(path, settings=front_end)
        if isinstance(heard, HeardRecording):
            yield _transcribe(recogniser, path, heard, decode)
        else:
            yield Transcribed(path, problem=f"cannot read {path}: {heard.detail}")


def _transcribe(recogniser: Recogniser, path: Path, heard: HeardRecording, decode: Decode) -> Transcribed:
    """Recognise a recording piece by piece; no batch holds more than one of the training did."""
    batching = inference_batching(recogniser.settings)
    pieces = cut_at_pauses(heard.samples, longest=int(batching.longest_s * SAMPLE_RATE_HZ))
    phones: list[Phone] = []
    texts: list[str] = []
    start = 0
    at_once = max(int(batching.budget_s / batching.longest_s), 1)
    for at in range(0, len(pieces), at_once):
        batch = pieces[at : at + at_once]
        pcm_NS = torch.nn.utils.rnn.pad_sequence(
            [torch.from_numpy(piece) for piece in batch], batch_first=True
        )
        log_probs_TNV, frames_N = recognise(recogniser, pcm_NS, torch.tensor([len(piece) for piece in batch]))
        for row, (piece, found) in enumerate(zip(batch, decode(log_probs_TNV, frames_N), strict=True)):
            log_probs_TV = log_probs_TNV[: int(frames_N[row]), row]
            phones += time_phones(recogniser, log_probs_TV, found.labels, heard=heard, offset=start)
            texts.append(_hangul(recogniser, found))
            start += len(piece)
    return Transcribed(path, heard.recorded_s, tuple(phones), " ".join(filter(None, texts)))


def time_phones(
    recogniser: Recogniser, log_probs_TV: Tensor, labels: list[int], *, heard: HeardRecording, offset: int
) -> list[Phone]:
    """When the labels of one row were said, by torchaudio's forced alignment to its frames.

    CTC spends most frames on the blank: a phone's span is where the network is sure of it,
    mostly one or two output frames, and not where the sound begins and ends.

    Args:
        recogniser: It gave the log-probabilities.
        log_probs_TV: Of the row, without padding.
        labels: What was decoded.
        heard: The recording; it maps times back to before its pauses were shortened.
        offset: First sample of the row in `heard`.
    """
    if not labels:
        return []
    hop_samples = SAMPLE_RATE_HZ * recogniser.settings.features.hop_ms // 1000
    frame_samples = hop_samples * math.prod(recogniser.settings.model.time_strides)
    aligned, scores = forced_align(
        log_probs_TV.cpu().contiguous().unsqueeze(0), torch.tensor([labels], dtype=torch.int32)
    )
    phones = []
    for span in merge_tokens(aligned[0], scores[0]):
        start_s, end_s = heard.locate_s(
            offset + span.start * frame_samples, offset + span.end * frame_samples
        )
        symbol = recogniser.vocabulary.decode([span.token])[0]
        phones.append(Phone(symbol, round(start_s, 3), round(end_s, 3)))
    return phones


def _hangul(recogniser: Recogniser, found: Decoded) -> str:
    if found.words is not None:
        return " ".join(found.words)
    return compose_syllables(recogniser.vocabulary.decode(found.labels))


def cut_at_pauses(samples: Pcm16, *, longest: int) -> list[Pcm16]:
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


def _quietest(window: Pcm16) -> int:
    """The middle of the quietest 0.2 s; the end of a window too short to have any."""
    hops = len(window) // HOP
    if not hops:
        return len(window)
    energy = np.square(window[: hops * HOP].astype(np.float32).reshape(hops, HOP)).sum(axis=1)
    width = min(PAUSE_HOPS, hops)
    return (int(np.convolve(energy, np.ones(width), "valid").argmin()) + width // 2) * HOP
