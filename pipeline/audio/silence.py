"""Shortens long pauses; speech keeps every sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import webrtcvad

from pipeline.audio.levels import FRAME_SAMPLES, frame_powers, loud_frames
from pipeline.audio.samples import to_pcm16
from pipeline.audio.settings import SilenceSettings
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

BLOCK_FRAMES = 1000  # half a minute

Span = tuple[int, int]
"""The first sample and the one after the last."""


@dataclass(frozen=True, slots=True)
class Collapsed:
    """A clip without its long pauses.

    Attributes:
        wave: Shape (S',), float32, 16 kHz.
        spans: What was kept of the input, sorted and disjoint; their lengths add up to S'.
            Output sample i is sample i of the joined spans, except in the cross-fades, which lie
            half on each side of a joint.
    """

    wave: Waveform
    spans: tuple[Span, ...]


def collapse_silence(wave: Waveform, *, settings: SilenceSettings) -> Collapsed:
    """Shorten every long run without speech in a 16 kHz clip.

    Runs longer than `settings.longest_s` keep `settings.kept_s`, half at each side, joined by a
    cross-fade; so do runs at the clip's start and end. Speech is what webrtcvad calls speech
    and the energy gate confirms: webrtcvad alone takes a noise onset for speech for seconds
    (tests/bench/silence.md).

    Args:
        wave: Mono samples, shape (S,), float32 in [-1, 1], 16 kHz.
        settings: Lengths and thresholds.

    Returns:
        The shortened clip and the spans of `wave` that it keeps.

    >>> collapse_silence(np.zeros(16_000 * 5, np.float32), settings=SilenceSettings()).wave.size
    16000
    """
    longest = round(settings.longest_s * SAMPLE_RATE_HZ)
    if not settings.enabled or len(wave) <= longest:
        return Collapsed(wave, ((0, len(wave)),))
    pauses = [
        (start, end)
        for start, end in silent_runs(speech_frames(wave, settings=settings), length=len(wave))
        if end - start > longest
    ]
    if not pauses:
        return Collapsed(wave, ((0, len(wave)),))
    spans = _without(pauses, kept=round(settings.kept_s * SAMPLE_RATE_HZ), length=len(wave))
    return Collapsed(_join(wave, spans, fade=round(settings.cross_fade_ms * SAMPLE_RATE_HZ / 1000)), spans)


def speech_frames(wave: Waveform, *, settings: SilenceSettings) -> npt.NDArray[np.bool_]:
    """Which 30 ms frames of a 16 kHz clip hold speech, shape (F,); the last may be partial."""
    # A fresh detector for each clip: it adapts, and a clip must not depend on the one before.
    is_speech = webrtcvad.Vad(settings.vad_level).is_speech
    voiced = np.fromiter((is_speech(frame, SAMPLE_RATE_HZ) for frame in _pcm_frames(wave)), np.bool_)
    return voiced & loud_frames(frame_powers(wave), gate_db=settings.gate_db)


def _pcm_frames(wave: Waveform) -> Iterator[memoryview]:
    """Frames of 30 ms as 16-bit bytes, the last one padded with zeros.

    A block of them is converted at a time: an hour's recording is not held a second time.
    """
    frame_bytes = 2 * FRAME_SAMPLES
    for first in range(0, len(wave), BLOCK_FRAMES * FRAME_SAMPLES):
        pcm = to_pcm16(wave[first : first + BLOCK_FRAMES * FRAME_SAMPLES]).tobytes()
        padded = memoryview(pcm.ljust(-(-len(pcm) // frame_bytes) * frame_bytes, b"\0"))
        for start in range(0, len(padded), frame_bytes):
            yield padded[start : start + frame_bytes]


def silent_runs(speech: npt.NDArray[np.bool_], *, length: int) -> list[Span]:
    """Maximal runs of frames without speech, in samples of a clip of `length` samples."""
    padded = np.concatenate(([True], speech, [True]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]) * FRAME_SAMPLES
    return [(int(start), min(int(end), length)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _without(pauses: list[Span], *, kept: int, length: int) -> tuple[Span, ...]:
    """The spans that remain when each pause keeps `kept` samples, half at each side."""
    cuts = [(start + kept - kept // 2, end - kept // 2) for start, end in pauses]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), length]
    return tuple(zip(starts, ends, strict=True))


def _join(wave: Waveform, spans: tuple[Span, ...], *, fade: int) -> Waveform:
    """Join the spans, with a cross-fade of `fade` samples around each joint.

    A linear fade never exceeds the louder side, and all that it mixes lies within the pause.
    """
    joined = np.concatenate([wave[start:end] for start, end in spans])
    half = fade // 2
    rise = (np.arange(2 * half, dtype=np.float32) + np.float32(0.5)) / np.float32(max(1, 2 * half))
    joint = 0
    for (start, left), (right, _) in pairwise(spans):
        joint += left - start
        before, after = wave[left - half : left + half], wave[right - half : right + half]
        joined[joint - half : joint + half] = before + (after - before) * rise
    return joined
