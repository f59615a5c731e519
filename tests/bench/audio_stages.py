"""Real-time factor of each audio stage on one core: python tests/bench/audio_stages.py [FOLDER].

Ours against a named baseline on the same clips, in the same run, in CPU time: the best of a few
rounds over all clips. Pin it: taskset -c 0 python tests/bench/audio_stages.py
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import noisereduce
import numpy as np
import soundfile
import soxr
import webrtcvad
from audio_corpus import SHARED, list_recordings, read_waves

from pipeline.audio.clip import prepare_clip
from pipeline.audio.denoise import denoise
from pipeline.audio.recordings import Recordings
from pipeline.audio.samples import resample, to_pcm16
from pipeline.audio.settings import ANY_SNR_DB, AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.audio.silence import collapse_silence, speech_frames
from pipeline.record import AudioSource, Clip, Recording, Waveform

RATE_HZ = 16_000
SILENCE, DENOISE, ACCEPTANCE = SilenceSettings(), DenoiseSettings(max_snr_db=ANY_SNR_DB), AcceptanceSettings()


def detect_naively(wave: Waveform) -> list[bool]:
    """The loop of webrtcvad's own example."""
    pcm = (wave * 32_767).astype(np.int16).tobytes()
    vad = webrtcvad.Vad(2)
    return [vad.is_speech(pcm[at : at + 960], RATE_HZ) for at in range(0, len(pcm) - 959, 960)]


def gate_by_package(wave: Waveform) -> Waveform:
    """The noisereduce package with our parameters and noise."""
    return denoise(wave, snr_db=0.0, settings=DenoiseSettings(engine="noisereduce"))


def process(path: Path) -> None:
    """The whole stage, from the file to the 16-bit samples of a shard."""
    recording = Recordings().read(AudioSource(path))
    assert isinstance(recording, Recording)
    clip = prepare_clip(recording, silence=SILENCE, denoise=DENOISE, acceptance=ACCEPTANCE)
    if isinstance(clip, Clip):
        to_pcm16(clip.wave)


def process_naively(path: Path) -> None:
    """What such scripts do: soundfile, the VAD loop, noisereduce as it comes."""
    wave, rate_hz = soundfile.read(path)
    detect_naively(wave)
    (noisereduce.reduce_noise(y=wave, sr=rate_hz) * 32_767).astype(np.int16)


def real_time_factor(
    work: Callable[..., object], items: list[object], *, seconds: float, rounds: int
) -> float:
    """Seconds of audio per CPU second, best of `rounds`."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        for item in items:
            work(item)
        times.append(time.process_time() - began)
    return seconds / min(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=SHARED / "tedxkr-mini")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    paths = [
        path
        for path in list_recordings(arguments.folder, limit=arguments.clips)
        if path.suffix == ".flac" and soundfile.info(path).duration >= 0.5
    ]
    waves = read_waves(paths)
    seconds = sum(map(len, waves)) / RATE_HZ
    with tempfile.TemporaryDirectory() as folder:
        raw = [Path(folder) / f"{index}.pcm" for index in range(len(waves))]
        for path, wave in zip(raw, waves, strict=True):
            path.write_bytes(to_pcm16(wave).tobytes())
        wide = [soxr.resample(wave, RATE_HZ, 48_000) for wave in waves]

        def read(path: Path) -> object:
            return Recordings().read(AudioSource(path))

        rows: list[tuple[str, Callable[..., object], list[object], int]] = [
            ("read and hash FLAC", read, [*paths], arguments.rounds),
            ("  soundfile.read, FLAC", soundfile.read, [*paths], arguments.rounds),
            ("read and hash PCM", read, [*raw], arguments.rounds),
            ("resample 48 to 16 kHz", lambda wave: resample(wave, rate_hz=48_000), [*wide], arguments.rounds),
            ("speech frames", lambda wave: speech_frames(wave, settings=SILENCE), [*waves], arguments.rounds),
            ("  webrtcvad's own loop", detect_naively, [*waves], arguments.rounds),
            (
                "collapse silence",
                lambda wave: collapse_silence(wave, settings=SILENCE),
                [*waves],
                arguments.rounds,
            ),
            ("denoise", lambda wave: denoise(wave, snr_db=0.0, settings=DENOISE), [*waves], arguments.rounds),
            ("  noisereduce, same parameters", gate_by_package, [*waves], 1),
            (
                "  noisereduce, its defaults",
                lambda wave: noisereduce.reduce_noise(y=wave, sr=RATE_HZ),
                [*waves],
                1,
            ),
            ("to 16 bits", to_pcm16, [*waves], arguments.rounds),
            ("whole stage from FLAC", process, [*paths], arguments.rounds),
            ("whole stage from PCM", process, [*raw], arguments.rounds),
            ("  naive script's audio, FLAC", process_naively, [*paths], 1),
        ]
        print(f"{len(waves)} clips of {arguments.folder.name}, {seconds:.0f} s; x real time in CPU time")
        for name, work, items, rounds in rows:
            print(f"{name:32} {real_time_factor(work, items, seconds=seconds, rounds=rounds):>10,.0f}x")


if __name__ == "__main__":
    main()
