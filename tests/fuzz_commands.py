"""Fuzzing targets: the command lines of both programs, in a folder with everything that they could want.

No argument leads out of that folder, but for a few devices; the worker refuses to write elsewhere.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import click
from fuzz_ends import Target, run_command
from fuzz_manifests import small_dataset
from fuzz_runs import finished_run, training_dataset
from fuzz_settings import ODD_TOML
from fuzz_sound import sound_recording
from fuzz_trees import run_here
from odd_files import as_nobody

from pipeline.cli import main as malsori

PATHS = (
    *(
        "m.json shards raw raw/meta.csv made.json new/made.json page.html page a.wav run . - no"
        " no.json pipe.json pipe.wav pipe.toml loop.json loop.toml full.json shards.json lost.json"
        " theirs theirs/x.json /dev/full /dev/null 한글.json preset.toml .hidden.json -o.json"
        " made.json.tmp tiny small ~ ~root/x %s m.json/x.json a.wav/x.html shards/train-00000.arrow"
    ).split(),
    "", " ", "x" * 300, "x" * 251 + ".json", "d/" * 2_100 + "x.json", "\udcff.json", "a\nb.json", "a\tb.wav",
    "\x1b[2J.json",
)  # fmt: skip
WORDS = (
    *(
        "가 auto table kspon table:x table: table:../x table:가 nemo hf speaker utterance words ngram"
        " greedy beam test valid train 1/2 2/2 0/0 1/9999999 3 ١/٢ 0 1 -1 0.5 1.5 nan inf -inf 1e308"
        " 1e-320 text ( -- - --help --version -h --json 1,1,1,1 {} []"
    ).split(),
    "", "값을 70% 올렸다", "1/" + "9" * 30, "9" * 25, "9" * 5_000, "duration_s < 15", "speaker == 'a'",
    "x" * 10_000, "가" * 3_000, "\udcc7\udcd1", "\n", "\x1b[31m",
)  # fmt: skip

Line = list[str]


def _preprocess(rng: random.Random) -> Line:
    optional = (
        ["--limit", "1"], ["--part", "1/2"], ["--dry-run"], ["--fresh"], ["--profile"],
        ["--max-dropped", "0.1"],
        ["--name", "n"], ["--title", "t"], ["--licence", "l"], ["--timeout", "20"], ["--max-memory", "999"],
        ["--set", "shards.audio=flac"], ["--set", rng.choice(ODD_TOML)], ["--preset", "preset.toml"],
    )  # fmt: skip
    line = [
        "preprocess",
        "raw",
        "--corpus",
        "auto",
        "--out",
        "shards2",
        "--manifest",
        "made.json",
        "--jobs",
        "1",
    ]
    return [*line, *_some(optional, rng)]


def _dataset_line(rng: random.Random) -> Line:
    outside = (["--root", "shards"], ["--allow-outside"])
    split = (["--by", "speaker"], ["--seed", "1"], ["--test-speaker", "a"], *outside)
    target = rng.choice(("nemo", "hf"))
    return rng.choice(
        (
            ["verify", "m.json", *_some((["--deep"], *outside), rng)],
            ["show", "m.json", *_some((["--json"], ["--diff", "m.json"]), rng)],
            ["merge", "m.json", "t.json", "-o", "made.json", *_some((["--name", "x"], *outside), rng)],
            ["split", "m.json", "-o", "made.json", "--valid", "0.5", *_some(split, rng)],
            ["filter", "m.json", "duration_s > 0.1", "-o", "made.json", *_some(outside, rng)],
            ["report", "m.json", "-o", "page.html", *_some((["--raw", "raw"], ["--samples", "2"]), rng)],
            ["export", "m.json", "--to", target, "-o", "exported", *_some(outside, rng)],
        )
    )


def _tool(rng: random.Random) -> Line:
    options = _some((["--explain"], ["--json"], ["--rules"]), rng)
    lines = (["phonemes", *options, rng.choice(WORDS)], ["phonemes", "-", *options], ["corpora"])
    return rng.choice(lines)


def _train(rng: random.Random) -> Line:
    fresh = _some((["--resume"], ["--dry-run"]), rng)
    measured = _some((["--split", "valid"], ["--decoder", "ngram"]), rng)
    return rng.choice(
        (
            ["fit", "t.json", "--run", "run2", "--preset", "preset.toml", *fresh],
            ["fit", "t.json", "--run", "run", "--resume"],
            ["evaluate", "run", "t.json", "-o", "measured", *measured],
            ["transcribe", "run", "a.wav", *_some((["--json"], ["--times"], ["--hangul"], ["raw"]), rng)],
        )
    )


CHARSETS = (*["utf-8"] * 8, "cp949", "ascii")
FRUGAL = (
    "loop.max_steps=1", "loop.tensorboard=false", "loop.device=cpu", "loop.threads=1", "model.hidden=8",
    "model.layers=1", "decode.tuned_rows=1",
)  # fmt: skip


def type_line(program: str, make: Callable[[random.Random], Line], seed: int, folder: Path) -> str:
    """A command line, sound or changed, in a folder of its own."""
    rng = random.Random(seed)
    line = make(rng)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        _change(line, rng)
    if "fit" in line[:1]:
        line += [word for setting in FRUGAL for word in ("--set", setting)]
    stdin = os.fsencode("\n".join(rng.choices(WORDS, k=3))) if rng.random() < 0.9 else rng.randbytes(100)
    charset = rng.choice(CHARSETS)
    command = malsori if program == "malsori" else _trainer()
    _furnish(folder, with_run=program != "malsori")
    with _inside(folder, as_other=rng.random() < 0.1), patch("pipeline.job.retry.run_local", run_here):
        return run_command(command, line, stdin=stdin, charset=charset)


def _change(line: Line, rng: random.Random) -> None:
    """Lose, repeat, swap or replace a word; none may lead out of the folder."""
    if not line:
        return
    at = rng.randrange(1, len(line)) if len(line) > 1 and rng.random() < 0.9 else 0
    values = [place for place, word in enumerate(line) if place and not word.startswith("-")] or [at]
    match rng.randrange(12):
        case 0:
            del line[at]
        case 1:
            line.insert(at, line[at])
        case 2:
            other = rng.randrange(len(line))
            line[at], line[other] = line[other], line[at]
        case 3:
            line.insert(at, rng.choice(PATHS + WORDS))
        case 4:
            line[at] = line[at][: rng.randrange(len(line[at]) + 1)]
        case 5 | 6 | 7:
            line[rng.choice(values)] = rng.choice(WORDS)
        case _:
            line[rng.choice(values)] = rng.choice(PATHS)


def _some(options: Sequence[Line], rng: random.Random) -> Line:
    return [word for option in options if rng.random() < 0.25 for word in option]


@cache
def _furniture() -> Path:
    """What lies in the folder of every command line."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(small_dataset().parent / "shards", folder / "shards")
    shutil.copy(small_dataset(), folder / "m.json")
    shutil.copytree(training_dataset().parent / "shards", folder / "tones")
    content = training_dataset().read_text().replace('"root": "shards"', '"root": "tones"')
    (folder / "t.json").write_text(content)
    (folder / "lost.json").write_text(content.replace('"tones"', '"gone"'))
    (folder / "raw").mkdir()
    (folder / "raw" / "meta.csv").write_text(
        "path,text,speaker\na.wav,오늘은 날씨가 좋다,a\nb.wav,네 맞아요,b\n"
    )
    for name in ("raw/a.wav", "a.wav"):
        (folder / name).write_bytes(sound_recording(".wav"))
    (folder / "preset.toml").write_text((finished_run().parent / "micro.toml").read_text())
    return folder


def _furnish(folder: Path, *, with_run: bool) -> None:
    shutil.copytree(_furniture(), folder, dirs_exist_ok=True)
    if with_run:
        shutil.copytree(finished_run(), folder / "run")
    for name in ("pipe.json", "pipe.wav", "pipe.toml"):
        os.mkfifo(folder / name)
    for name in ("loop.json", "loop.toml"):
        (folder / name).symlink_to(name)
    (folder / "full.json").symlink_to("/dev/full")
    (folder / "shards.json").mkdir()
    (folder / "theirs").mkdir()  # not nobody's


@contextmanager
def _inside(folder: Path, *, as_other: bool) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        if as_other:
            with as_nobody(folder):
                yield
        else:
            yield
    finally:
        os.chdir(before)


def _trainer() -> click.Command:
    from train.cli import main

    return main


def _prepare(program: str) -> None:
    _furniture()
    if program == "malsori":
        for seed, make in enumerate((_preprocess, _dataset_line, _tool)):
            folder = Path(tempfile.mkdtemp())
            type_line(program, make, seed, folder)


TARGETS = {
    f"command {name}": Target(
        partial(type_line, program, make), share=share, prepare=partial(_prepare, program)
    )
    for name, program, make, share in (
        ("preprocess", "malsori", _preprocess, 0.3),
        ("on manifests", "malsori", _dataset_line, 0.3),
        ("phonemes", "malsori", _tool, 0.2),
        ("malsori-train", "malsori-train", _train, 0.2),
    )
}
