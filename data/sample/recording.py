"""One utterance's samples: spoken phrases, pauses, noise, level, at 16 kHz."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import soxr
from espeak import RATE_HZ as ESPEAK_RATE_HZ
from espeak import Voice, speak
from wordlists import read_table

from pipeline.contract.schema import SAMPLE_RATE_HZ
from pipeline.record import Waveform

PAUSE_S: Final = 5.0
CUT_S: Final = 0.25
SNR_DB: Final = 15.0
LEVEL_DB: Final = (-30.0, -24.0)  # root mean square of the speech, full scale 1
ROOM_DB: Final = -72.0  # no real recording is digitally silent
PAUSE_NOISE_DB: Final = -60.0
EDGE_S: Final = (0.1, 0.35)
EVENTS: Final = MappingProxyType(
    {"breath": (1, 0.4, "pink"), "noise": (1, 0.12, "white"), "laugh": (4, 0.15, "pink")}
)
"""The sound of a tag: pulses, length of each in seconds, colour."""


def voices() -> list[Voice]:
    """The voices of the sample, from lists/voices.tsv."""
    return [Voice(name, int(speed), int(pitch)) for name, speed, pitch in read_table("voices")]


def record(kind: str, phrases: Sequence[str], *, seed: int) -> Waveform:
    """Speak and place the phrases of one utterance.

    Args:
        kind: A kind of lists/counts.tsv: it decides noise, pauses and cuts.
        phrases: Text for espeak-ng; between two there is a pause of 5 s.
        seed: Of the voice, its small variations, levels and noise.

    Returns:
        Shape (S,), float32, 16 kHz, below full scale.
    """
    rng = np.random.default_rng(seed)
    voice = _vary(voices()[rng.integers(len(voices()))], rng)
    level_db = rng.uniform(*LEVEL_DB)
    parts = [_edge(rng), _event(kind, rng, level_db=level_db)]
    for index, phrase in enumerate(phrases):
        parts += [_pause(kind, rng)] * (index > 0)
        parts.append(_at_level(_speech(phrase, voice, seed=seed), level_db))
    parts.append(_edge(rng))
    wave = np.concatenate([part if part is SILENCE else part + _room(part.size, rng) for part in parts])
    if kind in ("white", "pink"):
        wave = wave + _at_level(_noise(kind, wave.size, rng), level_db - SNR_DB)
    if kind == "cut":
        wave = wave[: round(CUT_S * SAMPLE_RATE_HZ)]
    return np.asarray(np.clip(wave, -1, 1), np.float32)


def _vary(voice: Voice, rng: np.random.Generator) -> Voice:
    """The voice as it speaks today: a little faster or slower, higher or lower."""
    return Voice(
        voice.name,
        voice.words_per_minute + int(rng.integers(-15, 16)),
        voice.pitch + int(rng.integers(-8, 9)),
    )


def _speech(text: str, voice: Voice, *, seed: int) -> Waveform:
    samples = speak(text, voice=voice, seed=seed)
    wave = samples.astype(np.float32) / 32768
    return np.asarray(soxr.resample(wave, ESPEAK_RATE_HZ, SAMPLE_RATE_HZ, quality="HQ"), np.float32)


def _edge(rng: np.random.Generator) -> Waveform:
    return _hush(rng.uniform(*EDGE_S))


def _hush(length_s: float) -> Waveform:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)


SILENCE: Final = _hush(PAUSE_S)
"""Digital silence: the one part that gets no room noise."""


def _pause(kind: str, rng: np.random.Generator) -> Waveform:
    if kind == "pause_zero":
        return SILENCE
    return _at_level(_noise("white", SILENCE.size, rng), PAUSE_NOISE_DB)


def _event(kind: str, rng: np.random.Generator, *, level_db: float) -> Waveform:
    """The noise that a tag stands for: b/ n/ l/; empty for every other kind."""
    if kind not in EVENTS:
        return _hush(0)
    pulses, pulse_s, colour = EVENTS[kind]
    size = round(pulse_s * SAMPLE_RATE_HZ)
    swell = np.sin(np.linspace(0, np.pi, size)) ** 2
    events = [_at_level(_noise(colour, size, rng) * swell, level_db - 12) for _ in range(pulses)]
    return np.concatenate([*events, _hush(0.1)])


def _room(size: int, rng: np.random.Generator) -> Waveform:
    return np.asarray(10 ** (ROOM_DB / 20) * rng.standard_normal(size, np.float32), np.float32)


def _noise(kind: str, size: int, rng: np.random.Generator) -> Waveform:
    white = rng.standard_normal(size, np.float32)
    if kind == "white":
        return white
    spectrum = np.fft.rfft(white)
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 1))  # power falls with 1 / frequency
    return np.fft.irfft(spectrum, size).astype(np.float32)


def _at_level(wave: Waveform, level_db: float) -> Waveform:
    """`wave` scaled to a root mean square of `level_db` dBFS."""
    rms = np.sqrt(np.mean(np.square(wave, dtype=np.float64)))
    return np.asarray(wave * (10 ** (level_db / 20) / rms), np.float32)
