"""Fuzzing targets: recordings."""

import io
import random
from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile
from fuzz_ends import Target
from mutations import mutate_bytes

from pipeline.record import AudioSource, Clip, Recording, Rejection


def decode_audio(suffix: str, seed: int, folder: Path) -> str:
    """A recording whose bytes were changed: decoded whole and in part, prepared."""
    from pipeline.audio.clip import prepare_clip
    from pipeline.audio.recordings import Recordings
    from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings

    rng = random.Random(seed)
    content = sound_recording(suffix)
    spots = [(0, 64), (0, 300)] if rng.random() < 0.7 else []
    path = folder / f"r{suffix}"
    path.write_bytes(mutate_bytes(content, rng, spots=spots))
    outcomes = []
    with Recordings() as recordings:
        for source in (AudioSource(path), AudioSource(path, 0.1, 0.2), AudioSource(path, rng.random(), 99.0)):
            recording = recordings.read(source)
            if isinstance(recording, Recording):
                clip = prepare_clip(
                    recording,
                    silence=SilenceSettings(),
                    denoise=DenoiseSettings(max_snr_db=200.0),
                    acceptance=AcceptanceSettings(),
                )
                assert isinstance(clip, Rejection) or _is_sound(clip)
                recording = clip
            outcomes.append(recording.reason if isinstance(recording, Rejection) else "clip")
    return outcomes[0]


def _is_sound(clip: Clip) -> bool:
    return bool(np.isfinite(clip.wave).all() and np.abs(clip.wave).max(initial=0) <= 1)


@cache
def sound_recording(suffix: str) -> bytes:
    time_s = np.arange(12_000) / 16_000
    wave = (np.sin(2 * np.pi * 200 * time_s) * np.sin(2 * np.pi * 3 * time_s) * 8_000).astype("<i2")
    if suffix == ".pcm":
        return wave.tobytes()
    stream = io.BytesIO()
    kinds = {
        ".wav": ("WAV", "PCM_16"), ".float.wav": ("WAV", "FLOAT"), ".adpcm.wav": ("WAV", "IMA_ADPCM"),
        ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS"), ".mp3": ("MP3", "MPEG_LAYER_III"),
        ".opus": ("OGG", "OPUS"),
    }  # fmt: skip
    kind, subtype = kinds[suffix]
    soundfile.write(stream, wave, 16_000, format=kind, subtype=subtype)
    return stream.getvalue()


SUFFIXES = (".pcm", ".wav", ".float.wav", ".adpcm.wav", ".flac", ".ogg", ".opus", ".mp3")

TARGETS = {
    f"audio {suffix}": Target(partial(decode_audio, suffix), prepare=partial(sound_recording, suffix))
    for suffix in SUFFIXES
}
