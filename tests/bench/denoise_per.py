"""Does denoising help a recogniser? python tests/bench/denoise_per.py TEDXKR_FOLDER WORK_FOLDER [--save].

The same recipe is trained with several seeds on shards made without denoising, by default (the
gate, for noisy clips only), and with other denoisers. Each recogniser is measured on six speakers
that it was not trained on, as they were recorded and with noise added to their recordings, behind
its own front end and behind others. What is in WORK_FOLDER already is not done again. The result is
kept in denoise_per.md.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import numpy as np
import soundfile
from denoise import noises

from pipeline.corpora import find_corpus
from pipeline.record import Utterance

FRONT_ENDS = {
    "off": ['denoise.engine="off"'],
    "default": [],
    "every-clip": ["denoise.max_snr_db=200.0"],
    "noisereduce-defaults": ['denoise.engine="noisereduce-defaults"'],
}
ROWS = [(name, name) for name in FRONT_ENDS] + [("off", "default"), ("default", "off")]
"""What is trained on, and what the test recordings go through."""

SEEDS = (0, 1)
NOISES, SNR_DB = ("white", "pink", "babble"), 10.0
TEST = ["7KCV6riw7KCV", "7KCc6rmA7KCV", "7KGw7KO87ZiE", "7LWc7KeE6raM", "7Zmp64aN66y4", "7Zmp65GQ7KeE"]
SPEAKERS = {"test": TEST, "valid": ["64Ko6riw7JeF", "64uk7LWc6rCc"]}
PLAIN = ["augment.speed_percents=[100]", "augment.bin_stripes=0", "augment.time_stripes=0"]
PLAIN += ["optim.ema_decay=0.0", "model.dropout=0.1", "loop.epochs=8", "loop.validate_every_epochs=8"]
RECIPE = ["--preset", "small", *(word for setting in PLAIN for word in ("--set", setting))]
NOISE_SEED = 7


def main() -> None:
    """Make what is missing, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--trained-on", nargs="+", choices=FRONT_ENDS, default=list(FRONT_ENDS))
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    lines = table(arguments.corpus, arguments.work, arguments.trained_on)
    print("\n".join(lines))
    if arguments.save:
        Path(__file__).with_suffix(".md").write_text(
            "# Phone error rates with and without denoising\n\n"
            f"{(__doc__ or '').partition('[--save].')[2].strip()}\n\n"
            f"Pansori-TEDxKR, six test speakers unseen in training; the recipe is `{' '.join(RECIPE)}`,"
            f" seeds {SEEDS[0]} to {SEEDS[-1]}; noise at {SNR_DB:g} dB.\n\n" + "\n".join(lines) + "\n"
        )


def table(corpus: Path, work: Path, chosen: list[str]) -> list[str]:
    """A row for each pair of front ends, a column for each kind of recordings; mean and each seed."""
    columns = ["heard through", "as recorded", *(f"{kind} {SNR_DB:g} dB" for kind in NOISES)]
    lines = [f"| trained on | {' | '.join(columns)} |", "|---|---|" + "---:|" * (len(columns) - 1)]
    for trained_on, heard_through in ROWS:
        if trained_on not in chosen:
            continue
        manifest = shards(corpus, "tedxkr", trained_on, work / trained_on)
        tests = [shards(corpus, "tedxkr", heard_through, work / heard_through)]
        for kind in NOISES:
            listing = noisy_listing(corpus, work / f"noisy-{kind}", kind)
            tests.append(shards(listing, "nemo", heard_through, work / f"noisy-{kind}-{heard_through}"))
        cells = []
        for test in tests:
            rates = [error_rate(train(manifest, work, trained_on, seed), test) for seed in SEEDS]
            each = ", ".join(f"{100 * rate:.1f}" for rate in rates)
            cells.append(f"{100 * mean(rates):.1f} % ({each})")
        lines.append(f"| {trained_on} | {heard_through} | {' | '.join(cells)} |")
    return lines


def shards(corpus: Path, layout: str, front_end: str, folder: Path) -> Path:
    """The manifest of a corpus preprocessed behind a front end."""
    manifest = folder / "t.json"
    if not manifest.exists():
        sets = [*FRONT_ENDS[front_end]]
        if layout == "tedxkr":  # a listing says itself what is for testing
            sets += [f"split.{use}_speakers={json.dumps(names)}" for use, names in SPEAKERS.items()]
        run(
            "pipeline", "preprocess", corpus, "--corpus", layout, "--out", folder / "shards",
            "--manifest", manifest, *(word for setting in sets for word in ("--set", setting)),
        )  # fmt: skip
    return manifest


def train(manifest: Path, work: Path, trained_on: str, seed: int) -> Path:
    """The run folder of the recipe."""
    folder = work / f"dn-{trained_on}-{seed}"
    if not (folder / "evaluation.json").exists():
        run(
            "train", "fit", manifest, "--run", folder, *RECIPE, "--set", "loop.threads=1", "--set",
            f"loop.seed={seed}", "--resume",
        )  # fmt: skip
    return folder


def error_rate(folder: Path, manifest: Path) -> float:
    """PER of a run on the test split of a manifest."""
    found = folder / f"on-{manifest.parent.name}"
    if not (found / "evaluation.json").exists():
        run("train", "evaluate", folder, manifest, "--split", "test", "-o", found)
    per: float = json.loads((found / "evaluation.json").read_text())["per"]
    return per


def noisy_listing(corpus: Path, folder: Path, kind: str) -> Path:
    """A NeMo manifest of the test speakers' recordings with noise added, and the recordings."""
    listing = folder / "test.jsonl"
    if listing.exists():
        return listing
    folder.mkdir(parents=True, exist_ok=True)
    utterances = list(test_utterances(corpus))
    waves = [soundfile.read(utterance.audio.path, dtype="float32")[0] for utterance in utterances]
    entries = []
    for index, (utterance, wave) in enumerate(zip(utterances, waves, strict=True)):
        noise = dict(noises(waves, index, np.random.default_rng((NOISE_SEED, index))))[kind]
        gain = np.sqrt(np.mean(wave**2) / np.mean(noise**2) / 10 ** (SNR_DB / 10))
        path = folder / f"{index:04}.wav"
        soundfile.write(path, np.clip(wave + gain * noise, -1, 1), 16_000, subtype="PCM_16")
        entries.append(
            {
                "id": f"{index:04}",
                "audio_filepath": path.name,
                "duration": len(wave) / 16_000,
                "text": utterance.transcript,
                "speaker": str(utterance.speaker).rpartition("/")[2],
                "split": "test",
            }
        )
    listing.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return listing


def test_utterances(corpus: Path) -> Iterator[Utterance]:
    """Those of the six speakers."""
    for item in find_corpus("tedxkr").read(corpus):
        if not isinstance(item, Utterance) or not isinstance(item.transcript, str):
            continue
        if str(item.speaker).rpartition("/")[2] in TEST:
            yield item


def run(program: str, *words: object) -> None:
    """One of our two programs, on one core."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    subprocess.run([sys.executable, "-m", program, *map(str, words)], env=os.environ | threads, check=True)


if __name__ == "__main__":
    main()
