"""What the denoiser does to speech: python tests/bench/denoise.py [FOLDER] [--save].

Real speech, as it is and with white, pink and babble noise at 5, 10 and 15 dB. "Clean" is the
recording itself, so what the gate rightly takes from the recording's own noise counts against
it: its SI-SDR is a lower bound. Every clip is denoised here; in the pipeline, by default, only
those whose signal-to-noise ratio is under 18 dB. Baselines: no denoising, the noisereduce package
with our parameters, the package with its defaults; and our gate with other smoothing. The result
is kept in denoise.md.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from audio_corpus import SHARED, list_recordings, read_waves
from scipy.fft import irfft, rfft

from pipeline.audio.denoise import denoise
from pipeline.audio.levels import frame_powers, loud_frames
from pipeline.audio.settings import DenoiseSettings
from pipeline.record import Waveform

RATE_HZ = 16_000
SEED = 20240607
TALKERS = 6
LOST_DB = 10.0
SPEECH_CELL_DB = 40.0
"""A mel cell holds speech when the clean clip has it within this of its loudest cell."""

Engine = Callable[[Waveform], Waveform]


def engines(settings: DenoiseSettings) -> dict[str, Engine]:
    """What is compared."""

    def package_defaults(wave: Waveform) -> Waveform:
        import noisereduce

        gated: Waveform = noisereduce.reduce_noise(y=wave, sr=RATE_HZ)
        return gated

    faster = settings.model_copy(update={"smooth_ms": 25.0})
    wider = settings.model_copy(update={"smooth_hz": 250.0})
    package = settings.model_copy(update={"engine": "noisereduce"})
    return {
        "off": lambda wave: wave,
        "gate": lambda wave: denoise(wave, snr_db=0.0, settings=settings),
        "gate, smoothed over 25 ms": lambda wave: denoise(wave, snr_db=0.0, settings=faster),
        "gate, smoothed over 250 Hz": lambda wave: denoise(wave, snr_db=0.0, settings=wider),
        "noisereduce, same parameters": lambda wave: denoise(wave, snr_db=0.0, settings=package),
        "noisereduce, its defaults": package_defaults,
    }


def noises(waves: list[Waveform], index: int, rng: np.random.Generator) -> Iterator[tuple[str, Waveform]]:
    """White, pink and babble noise for clip `index`; babble is other clips of the corpus."""
    length = len(waves[index])
    yield "white", rng.standard_normal(length, np.float32)
    spectrum = rfft(rng.standard_normal(length, np.float32))
    yield "pink", irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), n=length)
    # An eighth of the corpus apart: another speaker's, in a corpus sorted by speaker.
    others = [
        waves[(index + (1 + talker) * len(waves) // (TALKERS + 2)) % len(waves)] for talker in range(TALKERS)
    ]
    yield "babble", sum(np.resize(other / np.std(other), length) for other in others)  # type: ignore[misc]


def si_sdr_db(clean: Waveform, found: Waveform) -> float:
    """Scale-invariant signal-to-distortion ratio (Le Roux et al., 2019)."""
    clean, found = clean.astype(np.float64), found.astype(np.float64)
    target = clean * (clean @ found) / (clean @ clean)
    return float(10 * np.log10((target @ target) / max(1e-20, np.sum((found - target) ** 2))))


def speech_level_db(clean: Waveform, found: Waveform) -> float:
    """Gain of the clean speech within the result, over the frames that hold speech."""
    speech = loud_frames(frame_powers(clean), gate_db=25.0)
    mask = np.repeat(speech, 480)[: len(clean)]
    left, right = clean[mask].astype(np.float64), found[mask].astype(np.float64)
    return float(20 * np.log10((left @ right) / (left @ left)))


def lost_cells(clean: Waveform, found: Waveform) -> float:
    """Share of the speech's mel cells that lie more than 10 dB below the clean clip's."""
    before, after = log_mel_db(clean), log_mel_db(found)
    speech = before > before.max() - SPEECH_CELL_DB
    return float(np.mean(after[speech] < before[speech] - LOST_DB))


def log_mel_db(wave: Waveform) -> Waveform:
    """Log-mel energies, 80 bands, 10 ms hop, shape (T, 80)."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, 512)[::160] * np.hanning(512).astype(np.float32)
    powers = np.abs(rfft(frames, axis=1)) ** 2
    return 10 * np.log10(powers @ _mel_bands() + 1e-10)


def _mel_bands() -> Waveform:
    edges_mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 82)
    edges = 700 * (10 ** (edges_mel / 2595) - 1) / (RATE_HZ / 512)
    bins = np.arange(257)[:, np.newaxis]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rise, fall)).astype(np.float32)


def measure(waves: list[Waveform], settings: DenoiseSettings) -> list[str]:
    """The table's lines."""
    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    spent = dict.fromkeys(engines(settings), 0.0)
    for index, clean in enumerate(waves):
        rng = np.random.default_rng((SEED, index))
        mixtures = {"clean": clean}
        for kind, noise in noises(waves, index, rng):
            for snr_db in (5, 10, 15):
                gain = np.sqrt(np.mean(clean**2) / np.mean(noise**2) / 10 ** (snr_db / 10))
                mixtures[f"{kind} {snr_db} dB"] = (clean + gain * noise).astype(np.float32)
        for name, engine in engines(settings).items():
            for mixture, wave in mixtures.items():
                began = time.process_time()
                found = engine(wave)
                spent[name] += time.process_time() - began
                scores = si_sdr_db(clean, found), speech_level_db(clean, found), lost_cells(clean, found)
                rows.setdefault((mixture, name), []).append(scores)
    lines = [
        "| input | engine | SI-SDR dB | speech level dB | speech cells lost |",
        "|---|---|---:|---:|---:|",
    ]
    for mixture in dict.fromkeys(mixture for mixture, _ in rows):
        for name in spent:
            sdr, level, lost = np.mean(rows[mixture, name], axis=0)
            shown = "" if (mixture, name) == ("clean", "off") else f"{sdr:.1f}"
            lines.append(f"| {mixture} | {name} | {shown} | {level:+.2f} | {100 * lost:.1f} % |")
    seconds = 10 * sum(map(len, waves)) / RATE_HZ
    rates = (f"{name} {seconds / took:,.0f}x" for name, took in spent.items() if name != "off")
    return [*lines, "", f"Real time on one core: {', '.join(rates)}."]


def main() -> None:
    """Measure, print, and save with --save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=SHARED / "tedxkr-mini")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--save", action="store_true", help="write denoise.md beside this script")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=NUMBER")
    arguments = parser.parse_args()
    changed = {key: float(value) for key, value in (item.split("=") for item in arguments.set)}
    settings = DenoiseSettings(engine="gate", **changed)  # type: ignore[arg-type]
    waves = read_waves(list_recordings(arguments.folder, limit=arguments.clips))
    seconds = sum(map(len, waves)) / RATE_HZ
    head = f"{len(waves)} clips of {arguments.folder.name}, {seconds:.0f} s; means over clips; {settings!r}"
    text = "\n".join(["# The denoiser and speech", "", head, "", *measure(waves, settings), ""])
    print(text)
    if arguments.save:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
