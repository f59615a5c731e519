"""Audio files to IPA, with times, and to Hangul.

Shapes: N batch, S samples, T frames, V vocabulary and blank.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchaudio.functional import forced_align, merge_tokens

from pipeline.contract.errors import InputRejected
from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.audio import Samples, cut_at_pauses, read_audio
from train.decoding.greedy import Decode, Decoded
from train.decoding.hangul import compose_syllables
from train.model.deepspeech2 import Recogniser
from train.model.inference import recognise


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


def transcribe(recogniser: Recogniser, paths: Iterable[Path], decode: Decode) -> Iterator[Transcribed]:
    """Recognise files one by one; a file that cannot be read is named and the rest go on."""
    recogniser.eval()
    for path in paths:
        try:
            samples = read_audio(path)
        except InputRejected as error:
            yield Transcribed(path, problem=str(error))
            continue
        yield _transcribe(recogniser, path, samples, decode)


def _transcribe(recogniser: Recogniser, path: Path, samples: Samples, decode: Decode) -> Transcribed:
    """Recognise a recording piece by piece; no batch holds more than one of the training did."""
    batching = recogniser.settings.batching
    pieces = cut_at_pauses(samples, longest=int(batching.longest_s * SAMPLE_RATE_HZ))
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
            phones += time_phones(recogniser, log_probs_TV, found.labels, offset_s=start / SAMPLE_RATE_HZ)
            texts.append(_hangul(recogniser, found))
            start += len(piece)
    return Transcribed(path, len(samples) / SAMPLE_RATE_HZ, tuple(phones), " ".join(filter(None, texts)))


def time_phones(
    recogniser: Recogniser, log_probs_TV: Tensor, labels: list[int], *, offset_s: float
) -> list[Phone]:
    """The labels, aligned to the frames of one row (torchaudio's forced alignment).

    CTC spends most frames on the blank: a phone's span is where the network is sure of it,
    mostly one or two output frames, and not where the sound begins and ends.
    """
    if not labels:
        return []
    frame_s = recogniser.settings.features.hop_ms * math.prod(recogniser.settings.model.time_strides) / 1000
    aligned, scores = forced_align(
        log_probs_TV.cpu().contiguous().unsqueeze(0), torch.tensor([labels], dtype=torch.int32)
    )
    return [
        Phone(
            recogniser.vocabulary.decode([span.token])[0],
            round(offset_s + span.start * frame_s, 3),
            round(offset_s + span.end * frame_s, 3),
        )
        for span in merge_tokens(aligned[0], scores[0])
    ]


def _hangul(recogniser: Recogniser, found: Decoded) -> str:
    if found.words is not None:
        return " ".join(found.words)
    return compose_syllables(recogniser.vocabulary.decode(found.labels))
