"""A whole recording, of any kind and length, as training would hear it.

The stages are those of a clip (`pipeline.audio.clip`), without the rules for what is worth
keeping. The file is read block by block: memory holds the recording at 16 kHz (230 MB an hour)
up to four times over, whatever its own rate and number of channels are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from soundfile import LibsndfileError

from pipeline.audio.clip import apply_front_end
from pipeline.audio.decoders import Frames
from pipeline.audio.recordings import OpenRecording, find_span, open_recording, unreadable
from pipeline.audio.samples import (
    Pcm16,
    channel_energies,
    live_channels,
    mean_of_channels,
    peak,
    resample_blocks,
    scale_down,
    to_pcm16,
    within_full_scale,
)
from pipeline.audio.settings import FrontEndSettings
from pipeline.audio.silence import Span
from pipeline.contract.reasons import Reason
from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import AudioSource, Rejection, Waveform

LONGEST_HEARD_S = 4 * 3600
"""Four hours take 1.9 GB, however few bytes of a FLAC they are."""

BLOCK_S = 30
BLOCK_VALUES = 1 << 23
"""Half a minute of many channels at a high rate would be gigabytes: a block is shorter then."""


@dataclass(frozen=True, slots=True)
class HeardRecording:
    """A recording after its long pauses were shortened and its noise turned down.

    Attributes:
        samples: Shape (S,), int16, 16 kHz.
        spans: What was kept of the recording, in its samples at 16 kHz; the lengths add up to S.
        recorded_samples: Length of the recording at 16 kHz.
    """

    samples: Pcm16
    spans: tuple[Span, ...]
    recorded_samples: int

    @property
    def recorded_s(self) -> float:
        """Length of the recording in seconds."""
        return self.recorded_samples / SAMPLE_RATE_HZ

    def locate_s(self, start: int, end: int) -> tuple[float, float]:
        """When samples `start` to `end` of what was heard were recorded, in seconds.

        At a joint, `start` is after the pause that was cut there, and `end` before it.
        """
        lengths = [after - before for before, after in self.spans]
        joints = np.cumsum([0, *lengths[:-1]])
        first = int(np.searchsorted(joints, start, side="right")) - 1
        last = max(0, int(np.searchsorted(joints, end, side="left")) - 1)

        def seconds(sample: int, span: int) -> float:
            before, after = self.spans[span]
            return min(before + sample - int(joints[span]), after) / SAMPLE_RATE_HZ

        return seconds(start, first), seconds(end, last)


def hear_recording(path: Path, *, settings: FrontEndSettings) -> HeardRecording | Rejection:
    """Read a recording and do to it what preprocessing did to the clips that were trained on.

    Pauses, noise and level are those of the recording as a whole.

    Args:
        path: A file of any kind that preprocessing reads.
        settings: How pauses and noise are treated.

    Returns:
        What is heard, or why nothing is: MISSING_AUDIO, UNREADABLE_AUDIO, TRUNCATED_AUDIO,
        EMPTY_AUDIO, NOT_FINITE_AUDIO or TOO_LONG_AUDIO (over four hours).
    """
    wave = read_whole(path)
    if isinstance(wave, Rejection):
        return wave
    recorded_samples = len(wave)
    treated = apply_front_end(wave, silence=settings.silence, denoise=settings.denoise)
    del wave
    return HeardRecording(to_pcm16(treated.wave), treated.spans, recorded_samples)


def read_whole(path: Path) -> Waveform | Rejection:
    """A recording as mono at 16 kHz, shape (S,) with S > 0, float32 in [-1, 1], or why not.

    The samples are those that `prepare_clip` makes of a whole file, bit for bit.
    """
    opened = open_recording(path)
    if isinstance(opened, Rejection):
        return opened
    with opened.stream:
        span = find_span(opened, AudioSource(path), longest_s=LONGEST_HEARD_S)
        if isinstance(span, Rejection):
            return span
        try:
            return _decode(opened)
        except (OSError, LibsndfileError) as error:
            return unreadable(opened.name, error)
        except EOFError as error:
            return Rejection(Reason.TRUNCATED_AUDIO, str(error))


def _decode(opened: OpenRecording) -> Waveform | Rejection:
    """Mix, scale and resample all of an open recording.

    Which channels are dead is known at the end of the file, so one with several channels is
    decoded twice; so is the rare file beyond full scale, to be scaled before it is resampled.
    """
    live = _find_live_channels(opened)
    wave, highest = _mix_and_resample(opened, live=live, divisor=1.0)
    if not np.isfinite(highest):
        return Rejection(Reason.NOT_FINITE_AUDIO, f"{opened.name} holds samples that are not finite")
    if highest > 1:
        wave, _ = _mix_and_resample(opened, live=live, divisor=highest)
    if not wave.size:
        return Rejection(Reason.EMPTY_AUDIO, f"{opened.name} is too short to resample")
    return within_full_scale(wave)  # the resampling filter may overshoot


def _find_live_channels(opened: OpenRecording) -> npt.NDArray[np.bool_] | None:
    """The channels to mix, or None for a recording with one channel."""
    blocks = _blocks(opened)
    first = next(blocks)
    if first.shape[1] == 1:
        return None
    return live_channels(sum(map(channel_energies, blocks), channel_energies(first)))


def _mix_and_resample(
    opened: OpenRecording, *, live: npt.NDArray[np.bool_] | None, divisor: float
) -> tuple[Waveform, float]:
    """All of a recording as 16 kHz mono, divided by `divisor` before resampling, and its peak before that."""
    peaks = []

    def mono_blocks() -> Iterator[Waveform]:
        for frames in _blocks(opened):
            mono = frames[:, 0] if live is None else mean_of_channels(frames, live=live)
            peaks.append(peak(mono))
            yield scale_down(mono, highest=divisor)

    wave = np.concatenate(list(resample_blocks(mono_blocks(), rate_hz=opened.decoder.rate_hz)))
    return wave, float(np.max(peaks))


def _blocks(opened: OpenRecording) -> Iterator[Frames]:
    """The frames of a recording, half a minute or less at a time. Raises EOFError where they end early."""
    decoder = opened.decoder
    block_samples = min(BLOCK_S * decoder.rate_hz, BLOCK_VALUES // decoder.channels)
    for start in range(0, decoder.length, block_samples):
        count = min(block_samples, decoder.length - start)
        frames = decoder.read(start, count)
        if len(frames) < count:
            raise EOFError(f"{opened.name} ends at sample {start + len(frames)} of {decoder.length} promised")
        yield frames
