"""Sounds that the audio tests share, and real recordings if they lie beside the repository."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from spoken import speak_sentences

from pipeline.audio.recordings import Recordings
from pipeline.record import AudioSource, Recording, Rejection, Waveform

RATE_HZ = 16_000
TEDXKR = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "tedxkr-mini"


@pytest.fixture(scope="session")
def murmur() -> Callable[..., Waveform]:
    """Low-pass noise in syllable-like bursts: webrtcvad takes it for speech most of the time."""

    def make(seconds: float, *, seed: int = 0, level: float = 0.1) -> Waveform:
        count = round(seconds * RATE_HZ)
        noise = np.random.default_rng(seed).standard_normal(count + 63)
        low = np.convolve(noise, np.hanning(64), mode="valid")
        bursts = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(count) / RATE_HZ)
        return (level * low / np.abs(low).max() * bursts).astype(np.float32)

    return make


@pytest.fixture(scope="session", params=["spoken by espeak-ng", *(["TEDxKR"] if TEDXKR.is_dir() else [])])
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Waveform]:
    """Twenty clean utterances of several speakers, 1 s or more each: ours, and real ones if there are any."""
    if request.param != "TEDxKR":
        return speak_sentences(tmp_path_factory.mktemp("spoken"), count=20)
    paths = sorted(TEDXKR.rglob("*.flac"))
    waves = [soundfile.read(path, dtype="float32")[0] for path in paths[:: len(paths) // 30]]
    return [wave for wave in waves if len(wave) >= RATE_HZ][:20]


@pytest.fixture
def read() -> Callable[..., Recording | Rejection]:
    """Reads one utterance with a fresh reader: `read(path, offset_s, length_s)`."""

    def read_once(path: Path, offset_s: float = 0.0, length_s: float | None = None) -> Recording | Rejection:
        with Recordings() as recordings:
            return recordings.read(AudioSource(path, offset_s, length_s))

    return read_once
