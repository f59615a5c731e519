"""Fuzzing targets: checkpoints and run folders that somebody else may have written, damaged or mixed up."""

import hashlib
import json
import random
import shutil
import struct
import tempfile
from functools import cache
from pathlib import Path

from fuzz_ends import Target, run_command
from fuzz_sound import sound_recording
from handoff_data import Person, write_dataset
from mutations import ODD_VALUES, mutate_bytes, mutate_json, mutate_lines
from odd_files import odd_name, place_odd

from pipeline.contract.files import is_folder, is_regular

MICRO = """
[features]
mels = 24
[model]
channels = [2]
kernels = [[5, 5]]
bin_strides = [2]
time_strides = [2]
layers = 1
hidden = 8
dropout = 0.0
[augment]
bin_stripes = 1
bin_stripe_widest = 2
time_stripes = 1
time_stripe_widest = 2
[batching]
most_padding = 2.0
budget_s = 8.0
longest_s = 4.0
[loop]
epochs = 2
device = "cpu"
threads = 1
tensorboard = false
[decode]
tuned_rows = 1
"""

FOREIGN = (
    "step-00000010.tar.gz", "step-99999999", "step-", "step-00000001 (copy)", ".step-00000002.1.tmp",
    "Thumbs.db", "step--1", "step-1e9", "step-00000000", "latest",
)  # fmt: skip
"""What file managers, archivers and people leave among checkpoints."""


@cache
def training_dataset() -> Path:
    people = [Person("a", 6), Person("b", 2, "valid"), Person("c", 2, "test")]
    return write_dataset(Path(tempfile.mkdtemp()), "tiny", people)


@cache
def finished_run() -> Path:
    """A finished run of two steps with two checkpoints, an evaluation and two language models."""
    from train.cli import main

    folder = Path(tempfile.mkdtemp())
    (folder / "micro.toml").write_text(MICRO)
    (folder / "a.wav").write_bytes(sound_recording(".wav"))
    run = folder / "run"
    end = run_command(main, ["fit", training_dataset(), "--run", run, "--preset", folder / "micro.toml"])
    assert end == "exit 0", end
    for decoder in ("ngram", "words"):
        run_command(main, ["evaluate", run, training_dataset(), "--decoder", decoder, "-o", folder / decoder])
    for options in (["--json"], ["--times"]):
        run_command(main, ["transcribe", run, folder / "a.wav", *options])
    _more(run)
    return run


def _more(run: Path) -> None:
    from train.cli import main

    copy = shutil.copytree(run, run.with_name("more"))
    run_command(main, ["fit", training_dataset(), "--run", copy, "--resume", "--set", "loop.epochs=3"])


def use_damaged_run(seed: int, folder: Path) -> str:
    """A run's folder of which something was changed, given to every command that reads it."""
    rng = random.Random(seed)
    run = shutil.copytree(finished_run(), folder / "run")
    for _ in range(rng.choice((1, 1, 2))):
        _damage(run, rng)
    return _use(run, folder, rng)


def _use(run: Path, folder: Path, rng: random.Random) -> str:
    from train.cli import main

    decoder = rng.choice(([], [], ["--decoder", "ngram"], ["--decoder", "words"], ["--decoder", "beam"]))
    wav = finished_run().with_name("a.wav")
    commands = (
        ["transcribe", run, wav, *rng.choice(([], ["--json"], ["--times"], ["--hangul"])), *decoder],
        ["evaluate", run, training_dataset(), "-o", folder / "out", *decoder],
        ["fit", training_dataset(), "--run", run, "--resume"],
        ["fit", training_dataset(), "--run", run, "--resume", "--set", "loop.epochs=3"],
    )
    command = rng.choice(commands)
    end = run_command(main, command)
    if command[0] == "fit" and end == "exit 0":
        _check_finished(run)
    return f"{command[0]} {end}"


def _check_finished(run: Path) -> None:
    from train.run.folder import find_checkpoint

    best = find_checkpoint(run)
    best.load_recogniser()
    measured = json.loads((run / "evaluation.json").read_text())
    assert measured["step"] == best.record.position.step, "the evaluation is of another checkpoint"


def _damage(run: Path, rng: random.Random) -> None:
    files = sorted(path for path in run.rglob("*") if is_regular(path) and path.stat().st_size < 10**7)
    step = rng.choice(sorted((run / "checkpoints").glob("step-*[0-9]")))
    match rng.randrange(9):
        case 0 | 1 | 2:
            _edit_record(step / "checkpoint.json", rng)
        case 3 | 4 if is_folder(step):
            _edit_tensors(step, rng)
        case 5:
            place_odd(rng.choice(files), rng)
        case 6:
            name = rng.choice((*FOREIGN, odd_name(rng, "")))
            place_odd(rng.choice((run, run / "checkpoints", step)) / name, rng)
        case 7:
            chosen = rng.choice(files)
            chosen.write_bytes(mutate_lines(chosen.read_bytes() or b"\n", rng))
        case _:
            _edit_decoder(run / "decoding" / rng.choice(("ngram", "words")), rng)


def _edit_record(path: Path, rng: random.Random) -> None:
    """Change anything in checkpoint.json, or one of its settings."""
    if not is_regular(path):
        return
    if rng.random() < 0.5:
        path.write_bytes(mutate_json(path.read_bytes(), rng))
        return
    try:
        record = json.loads(path.read_bytes())
        section = record["settings"][rng.choice(list(record["settings"]))]
        key = rng.choice(list(section))
        value = section[key]
        section[key] = (
            value * rng.choice((2, 1_000, 10**6))
            if isinstance(value, int | float) and rng.random() < 0.7
            else rng.choice(ODD_VALUES)
        )
    except (KeyError, ValueError, TypeError, IndexError):
        return  # damaged before
    path.write_text(json.dumps(record))


def _edit_tensors(step: Path, rng: random.Random) -> None:
    """Change a file of tensors, mostly its header, and give its new hash to the record."""
    path = rng.choice(sorted(step.glob("*.safetensors")) or [step / "model.safetensors"])
    record = step / "checkpoint.json"
    if not is_regular(path) or not is_regular(record):
        return
    content = path.read_bytes()
    (size,) = struct.unpack_from("<Q", content.ljust(8, b"\0"))
    if rng.random() < 0.5 and size < len(content):
        header = mutate_json(content[8 : 8 + size], rng)
        content = struct.pack("<Q", len(header)) + header + content[8 + size :]
    else:
        content = mutate_bytes(content, rng, spots=[(0, 8), (0, min(size, 10**4) + 64)])
    path.write_bytes(content)
    _give_hash(record, path)


def _edit_decoder(folder: Path, rng: random.Random) -> None:
    """Change a language model and its hash, or the decoder's record."""
    files = sorted(path for path in folder.glob("*") if is_regular(path))
    if not files:
        return
    path = rng.choice(files)
    if path.name == "decoder.json":
        path.write_bytes(mutate_json(path.read_bytes(), rng))
        return
    path.write_bytes(mutate_lines(path.read_bytes(), rng))
    _give_hash(folder / "decoder.json", path)


def _give_hash(record: Path, path: Path) -> None:
    try:
        content = json.loads(record.read_bytes())
        content["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, KeyError, ValueError, TypeError):
        return
    record.write_text(json.dumps(content))


TARGETS = {"run": Target(use_damaged_run, share=0.3, prepare=finished_run)}
