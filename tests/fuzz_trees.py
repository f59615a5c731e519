"""Fuzzing targets: the folders of every layout, with odd files among what belongs there.

A share of them is preprocessed as a whole. What that writes must pass `verify --deep`.
"""

import io
import os
import random
import tempfile
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import soundfile
from fuzz_ends import Target, run_command
from miniature_corpora import LISTINGS, write_listings
from mutations import mutate_json, mutate_lines
from odd_files import as_nobody, odd_name, place_odd
from small_corpus import RATE_HZ, voiced

from pipeline.cli import main
from pipeline.contract.errors import ENVIRONMENT_ERRORS, IMPOSSIBLE_PATHS, InputRejected
from pipeline.contract.files import is_regular
from pipeline.corpora import READERS, detect_corpus
from pipeline.job.plan import make_plan
from pipeline.record import AudioSource, Utterance
from pipeline.settings import PipelineSettings

ENDINGS = (
    ".csv", ".tsv", ".trn", ".json", ".jsonl", ".txt", ".trans.txt", "_metadata.txt", ".wav", ".pcm", ".flac",
    ".mp3", "", ".CSV", ".lab",
)  # fmt: skip
FORMATS = {".flac": "FLAC", ".mp3": "MP3"}


@cache
def _tree(name: str) -> dict[str, bytes]:
    """A layout's listings, and a recording for whatever they list."""
    root = write_listings(name, Path(tempfile.mkdtemp()))
    files = dict(LISTINGS[name])
    for item in READERS[name].read(root):
        if isinstance(item, Utterance) and item.audio.path.is_relative_to(root):
            files[str(item.audio.path.relative_to(root))] = _recorded(item.audio)
    return files


@cache
def spoken(ending: str) -> bytes:
    wave = voiced(4.0, seed=1)
    if ending == ".pcm":
        return wave.tobytes()
    stream = io.BytesIO()
    soundfile.write(stream, wave, RATE_HZ, format=FORMATS.get(ending, "WAV"))
    return stream.getvalue()


def _recorded(audio: AudioSource) -> bytes:
    return spoken(audio.path.suffix.lower())


def _write_tree(name: str, root: Path, rng: random.Random) -> None:
    files = dict(_tree(name))
    if rng.random() < 0.3:
        damaged = rng.choice(list(LISTINGS[name]))
        structured = damaged.endswith(".json") and name != "nemo"
        files[damaged] = (mutate_json if structured else mutate_lines)(files[damaged] or b"{}", rng)
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        _add_odd(root, list(files), rng)


def _add_odd(root: Path, files: list[str], rng: random.Random) -> None:
    """Replace a file, add one beside it, rename a folder, or add a copy under an odd name."""
    chosen = root / rng.choice(files)
    match rng.randrange(5):
        case 0:
            place_odd(chosen, rng)
        case 1 if is_regular(chosen) and not chosen.is_symlink() and chosen.stat().st_size < 2**20:
            place = chosen.with_name(odd_name(rng, chosen.suffix))
            if not os.path.lexists(place):  # a pipe that lies there would wait, a link lead elsewhere
                place.write_bytes(chosen.read_bytes())
        case 2 if chosen.parent != root and chosen.parent.is_dir() and not chosen.parent.is_symlink():
            place = chosen.parent.with_name(odd_name(rng, ""))
            if not os.path.lexists(place):
                chosen.parent.rename(place)
        case _ if chosen.parent.is_dir():
            place_odd(chosen.parent / odd_name(rng, rng.choice(ENDINGS)), rng)


def plan_tree(name: str, seed: int, folder: Path) -> str:
    """A folder planned under its own layout, and recognised; now and then without root's powers."""
    rng = random.Random(seed)
    root = folder / odd_name(rng, "") if rng.random() < 0.1 else folder / "raw"
    root.mkdir()
    _write_tree(name, root, rng)
    if rng.random() < 0.2:
        with as_nobody(folder):
            return _plan_or_stop(name, root)
    return _plan_or_stop(name, root)


def _plan_or_stop(name: str, root: Path) -> str:
    try:
        return _plan(name, root)
    except OSError as error:
        if error.errno not in ENVIRONMENT_ERRORS.keys() | IMPOSSIBLE_PATHS:
            raise
        return "stopped"  # the command says why in one line


def _plan(name: str, root: Path) -> str:
    try:
        detect_corpus(root)
    except InputRejected as error:
        str(error).encode(errors="backslashreplace")
    plan = make_plan(READERS[name], root, settings=PipelineSettings(), versions={}, limit=None)
    for dropped in plan.dropped:
        f"{dropped.id} {dropped.detail}".encode()
    for task in plan.tasks:
        for utterance in task.utterances:
            f"{utterance.id} {utterance.speaker}".encode()
    return "planned"


def preprocess_tree(seed: int, folder: Path) -> str:
    """A folder preprocessed by the command; what it wrote is verified."""
    rng = random.Random(seed)
    name = rng.choice(list(LISTINGS))
    (folder / "raw").mkdir()
    _write_tree(name, folder / "raw", rng)
    options = rng.choice(([], ["--set", "shards.audio=flac"], ["--limit", "2"], ["--set", "split.valid=0.5"]))
    if rng.random() < 0.2:
        with as_nobody(folder):
            return preprocess_and_verify(rng.choice((name, "auto")), folder, options)
    return preprocess_and_verify(rng.choice((name, name, "auto")), folder, options)


def preprocess_and_verify(name: str, folder: Path, options: list[str]) -> str:
    manifest = folder / "made.json"
    arguments = [
        "preprocess", folder / "raw", "--corpus", name, "--out", folder / "shards", "--manifest", manifest,
        "--jobs", "1", "--set", "denoise.engine=gate", *options,
    ]  # fmt: skip
    with patch("pipeline.job.retry.run_local", run_here):
        end = run_command(main, arguments)
    if end == "exit 0" or manifest.exists():
        verified = run_command(main, ["verify", "--deep", manifest])
        assert verified == "exit 0", f"{name} ended with {end}, its verify --deep with {verified}"
    return end


def run_here(function, tasks, *, jobs):  # worker processes take a second to start
    with patch("pipeline.job.watchdog.signal.setitimer", lambda *_: None):
        yield from map(function, tasks)


def prepare_trees() -> None:
    """Preprocess a sound folder of every layout, so that whatever that imports is there."""
    for name in LISTINGS:
        folder = Path(tempfile.mkdtemp())
        for path, content in _tree(name).items():
            (folder / "raw" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "raw" / path).write_bytes(content)
        preprocess_and_verify(name, folder, [])


TARGETS = {
    **{
        f"tree {name}": Target(partial(plan_tree, name), share=0.3, prepare=partial(_tree, name))
        for name in LISTINGS
    },
    "tree preprocessed": Target(preprocess_tree, share=0.3, prepare=prepare_trees),
}
