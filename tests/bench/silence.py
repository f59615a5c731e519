"""Which long pauses are found: python tests/bench/silence.py [KSPON] [TEDXKR] [--save].

Five seconds of white noise at -60, -50 and -40 dBFS are put between two recordings of a
corpus; a pause is found when at least 3 s of it are taken out. Baseline: webrtcvad alone, that
is the same code without the energy gate. The recordings themselves show false alarms: what is
taken out of them, and how loud it is. The result is kept in silence.md.
"""

import argparse
from pathlib import Path

import numpy as np
from audio_corpus import SHARED, list_recordings, read_waves

from pipeline.audio.settings import SilenceSettings
from pipeline.audio.silence import collapse_silence, silent_runs, speech_frames
from pipeline.record import Waveform

RATE_HZ = 16_000
GAP_SAMPLES = 5 * RATE_HZ
ALONE_DB = 200.0
"""An energy gate this wide lets everything through: webrtcvad decides alone."""


def found_share(waves: list[Waveform], *, level_db: float, settings: SilenceSettings) -> float:
    """Share of the inserted pauses of which at least 3 s are taken out."""
    found = []
    for index, (left, right) in enumerate(zip(waves[:-1:2], waves[1::2], strict=False)):
        noise = np.random.default_rng(index).standard_normal(GAP_SAMPLES, np.float32)
        clip = np.concatenate([left, noise * np.float32(10 ** (level_db / 20)), right])
        spans = collapse_silence(clip, settings=settings).spans
        kept = sum(max(0, min(end, len(left) + GAP_SAMPLES) - max(start, len(left))) for start, end in spans)
        found.append(GAP_SAMPLES - kept >= 3 * RATE_HZ)
    return float(np.mean(found))


def collapsed_files(waves: list[Waveform], *, settings: SilenceSettings) -> list[str]:
    """The recordings that hold a long pause, and how loud it is against their speech."""
    lines = []
    for index, wave in enumerate(waves):
        speech = speech_frames(wave, settings=settings)
        long = [
            (start, end)
            for start, end in silent_runs(speech, length=len(wave))
            if end - start > settings.longest_s * RATE_HZ
        ]
        for start, end in long:
            loudness = 20 * np.log10(
                np.std(wave[start:end]) / np.std(wave[np.repeat(speech, 480)[: len(wave)]])
            )
            lines.append(f"clip {index}: {start / RATE_HZ:.2f} s to {end / RATE_HZ:.2f} s, {loudness:.0f} dB")
    return lines


def main() -> None:
    """Measure, print, and save with --save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--save", action="store_true", help="write silence.md beside this script")
    arguments = parser.parse_args()
    folders = arguments.folders or [SHARED / "kspon-sample", SHARED / "tedxkr-mini"]
    gated = SilenceSettings()
    alone = gated.model_copy(update={"gate_db": ALONE_DB})
    lines = [
        "# Long pauses",
        "",
        "| corpus | clips | pauses | -60 dBFS | -50 dBFS | -40 dBFS | clips with a long run |",
    ]
    lines.append("|---|---:|---|---:|---:|---:|---:|")
    details = []
    for folder in folders:
        waves = read_waves(list_recordings(folder), shortest_s=0.1)
        for name, settings in (("webrtcvad alone", alone), ("with the energy gate", gated)):
            shares = [found_share(waves, level_db=level, settings=settings) for level in (-60, -50, -40)]
            inside = collapsed_files(waves, settings=settings)
            cells = " | ".join(f"{100 * share:.0f} %" for share in shares)
            lines.append(f"| {folder.name} | {len(waves)} | {name} | {cells} | {len(inside)} |")
            details += [f"- {folder.name}, {name}: {line} below its speech" for line in inside]
    text = "\n".join([*lines, "", "Long runs in the recordings as they are:", *(details or ["- none"]), ""])
    print(text)
    if arguments.save:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
