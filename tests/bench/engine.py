"""The whole job against the script that teams write, on one pinned core.

    python tests/bench/engine.py [CORPUS_FOLDER] [--corpus tedxkr]

Both read the same recordings and transcripts; each variant runs in a process of its own, is
warmed up (dictionaries loaded) and then measured in CPU seconds. Prints audio seconds per CPU
second (x real time), the ratio to the naive script, the peak memory and where the time went.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "tedxkr-mini"
VARIANTS = {
    "naive script": [],
    "defaults": [],
    "all denoised, PCM": ["denoise.max_snr_db=200.0"],
    "all denoised, FLAC": ["denoise.max_snr_db=200.0", "shards.audio=flac"],
    "noisereduce package": ["denoise.engine=noisereduce", "denoise.max_snr_db=200.0"],
    "no denoising": ["denoise.engine=off"],
}


TIMES_OVER = 8
"""How often the second comparison of jobs lists the corpus."""


def main() -> None:
    """Run every variant in a process of its own and print the table."""
    arguments = _arguments()
    if arguments.variant:
        print(json.dumps(_run_variant(arguments)))
        return
    if not arguments.folder.is_dir():
        sys.exit(f"no corpus at {arguments.folder}: name a folder (any layout that `malsori corpora` lists)")
    rows = {name: _measure(name, arguments) for name in VARIANTS}
    naive = rows["naive script"]
    print(f"{'':24} {'x real time':>12} {'ratio':>7} {'CPU s':>8} {'audio s':>8} {'peak MB':>8}")
    for name, row in rows.items():
        speed = row["audio_s"] / row["cpu_s"]
        ratio = speed / (naive["audio_s"] / naive["cpu_s"])
        print(
            f"{name:24} {speed:12,.0f} {ratio:7.1f} {row['cpu_s']:8.2f} {row['audio_s']:8.0f}"
            f" {row['peak_mb']:8.0f}"
        )
    total = sum(rows["defaults"]["stages"].values())
    print("\ndefaults, by stage:")
    for stage, seconds in sorted(rows["defaults"]["stages"].items(), key=lambda item: -item[1]):
        print(f"  {stage:24} {seconds:8.3f} s {seconds / total:6.1%}")
    _compare_jobs(arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--corpus", default="auto")
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    command = [
        sys.executable,
        __file__,
        str(arguments.folder),
        "--corpus",
        arguments.corpus,
        "--variant",
        name,
    ]
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    finished = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    row: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return row


def _run_variant(arguments: argparse.Namespace) -> dict[str, Any]:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        run = _naive if arguments.variant == "naive script" else _ours
        cpu_s, audio_s, stages = run(arguments, Path(folder))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"cpu_s": cpu_s, "audio_s": audio_s, "peak_mb": peak_mb, "stages": stages}


def _utterances(arguments: argparse.Namespace) -> Iterator[Any]:
    from pipeline.corpora import detect_corpus, find_corpus
    from pipeline.record import Utterance

    name = detect_corpus(arguments.folder).name if arguments.corpus == "auto" else arguments.corpus
    return (item for item in find_corpus(name).read(arguments.folder) if isinstance(item, Utterance))


def _ours(arguments: argparse.Namespace, folder: Path) -> tuple[float, float, dict[str, float]]:
    """`process_task` over the plan of the corpus, as a worker does it."""
    from pipeline.corpora import detect_corpus, find_corpus
    from pipeline.job.plan import TaskContext, make_plan
    from pipeline.job.task import process_task
    from pipeline.phonology import label_batch
    from pipeline.settings import load_settings

    name = detect_corpus(arguments.folder).name if arguments.corpus == "auto" else arguments.corpus
    corpus = find_corpus(name)
    settings, _ = load_settings(preset=None, overrides=tuple(VARIANTS[arguments.variant]))
    plan = make_plan(corpus, arguments.folder, settings=settings, versions={}, limit=None)
    context = TaskContext(arguments.folder, folder, corpus.annotation, settings)
    label_batch(["준비 되었습니다"], settings=settings.phonology)  # loads the dictionaries
    process_task(plan.tasks[-1], TaskContext(arguments.folder, folder / "warm", corpus.annotation, settings))
    started = time.process_time()
    records = [process_task(task, context) for task in plan.tasks]
    cpu_s = time.process_time() - started
    stages: dict[str, float] = {}
    for record in records:
        for stage, seconds in record.timings.items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    return cpu_s, sum(record.tally.samples_in for record in records) / 16_000, stages


def _naive(arguments: argparse.Namespace, folder: Path) -> tuple[float, float, dict[str, float]]:
    """soundfile, noisereduce as it comes, the webrtcvad loop, plain g2pk, one .npy a file."""
    import noisereduce
    import numpy as np
    import soundfile
    import webrtcvad
    from g2pk_baseline import load_g2pk

    g2p = load_g2pk()
    vars(re)["_MAXCACHE"] = 512  # as Python comes: our loader raises it
    g2p("준비")
    noisereduce.reduce_noise(y=np.random.default_rng(0).normal(size=16_000), sr=16_000)
    audio_s = 0.0
    started = time.process_time()
    for number, utterance in enumerate(_utterances(arguments)):
        if not isinstance(utterance.transcript, str) or len(utterance.transcript) <= 4:
            continue
        wave, rate_hz = soundfile.read(utterance.audio.path)
        audio_s += len(wave) / rate_hz
        wave = noisereduce.reduce_noise(y=wave, sr=rate_hz)
        pcm = (wave * 32_767).astype(np.int16).tobytes()
        vad = webrtcvad.Vad(2)
        frames = [vad.is_speech(pcm[at : at + 960], rate_hz) for at in range(0, len(pcm) - 959, 960)]
        kept = _without_long_silence(wave, frames)
        np.save(folder / f"{number}.npy", kept)
        (folder / f"{number}.txt").write_text(g2p(utterance.transcript))
    return time.process_time() - started, audio_s, {}


def _without_long_silence(wave: Any, frames: list[bool]) -> Any:
    import numpy as np

    pieces, silent = [], 0
    for number, speech in enumerate(frames):
        silent = 0 if speech else silent + 1
        if silent * 30 <= 3_000:
            pieces.append(wave[number * 480 : (number + 1) * 480])
    return np.concatenate(pieces) if pieces else wave


def _compare_jobs(arguments: argparse.Namespace) -> None:
    """Wall time of the command with one job and with two, on the corpus and on hours of it."""
    cores = len(os.sched_getaffinity(0))
    if cores < 2:
        print("\none core only: two jobs are not compared")
        return
    utterances = list(_utterances(arguments))
    with tempfile.TemporaryDirectory() as folder:
        for repeats in (1, TIMES_OVER):
            listing = _list_repeatedly(utterances, repeats, Path(folder, f"x{repeats}.jsonl"))
            walls = {jobs: _wall_s(listing, jobs, Path(folder, f"x{repeats}-{jobs}")) for jobs in (1, 2)}
            print(
                f"\nlisted {repeats} time{'s'[: repeats > 1]}: 1 job {walls[1]:.1f} s, 2 jobs"
                f" {walls[2]:.1f} s: {walls[1] / walls[2]:.2f}x (load average {os.getloadavg()[0]:.1f})"
            )


def _list_repeatedly(utterances: list[Any], repeats: int, listing: Path) -> Path:
    """A NeMo manifest of the corpus, `repeats` times over: a start-up of half a second counts for less."""
    with listing.open("w") as lines:
        for number, item in ((number, item) for number in range(repeats) for item in utterances):
            if not isinstance(item.transcript, str):
                continue
            entry = {
                "id": f"{number}-{item.id}",
                "audio_filepath": str(item.audio.path.absolute()),
                "duration": item.audio.length_s or 5.0,
                "text": item.transcript,
            }
            if item.audio.length_s is not None:
                entry["offset"] = item.audio.offset_s
            lines.write(json.dumps(entry) + "\n")
    return listing


def _wall_s(listing: Path, jobs: int, folder: Path) -> float:
    """Seconds of the command, from its first line of work to its last."""
    command = [
        sys.executable, "-m", "pipeline", "preprocess", str(listing), "--corpus", "nemo",
        "--out", f"{folder}/shards", "--manifest", f"{folder}/bench.json", "--jobs", str(jobs),
        "--set", "denoise.engine=gate",
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True)
    manifest = json.loads((folder / "bench.json").read_text())
    shutil.rmtree(folder)
    seconds: float = manifest["run"]["seconds"]
    return seconds


if __name__ == "__main__":
    main()
