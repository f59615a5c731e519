"""Every command that writes, as `faults` disturbs it: on tiny data, where something stands already."""

import hashlib
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner
from faults import Scenario
from fuzz_ends import check_end
from fuzz_runs import MICRO
from fuzz_sound import sound_recording
from fuzz_trees import run_here, spoken
from handoff_data import Person, write_dataset

TRAINING = ("fit", "fit, resumed", "evaluate", "evaluate with a decoder")
"""The scenarios that import torch."""


def _malsori(*arguments: object) -> int:
    from pipeline.cli import main

    with patch("pipeline.job.retry.run_local", run_here):
        return _invoked(main, arguments)


def _trainer(*arguments: object) -> int:
    from train.cli import main

    return _invoked(main, arguments)


def _invoked(command: Any, arguments: tuple[object, ...]) -> int:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    check_end(result)
    return result.exit_code


def _raw(folder: Path) -> None:
    (folder / "raw").mkdir()
    (folder / "raw" / "meta.csv").write_text(
        "path,text,split\na.wav,오늘은 날씨가 아주 좋습니다,train\nb.wav,저녁에는 비가 온다고 해요,test\n",
        encoding="utf-8",
    )
    for name in "ab":
        (folder / "raw" / f"{name}.wav").write_bytes(spoken(".wav"))


def _preprocess(folder: Path, *options: str) -> int:
    return _malsori(
        "preprocess", folder / "raw", "--corpus", "table", "--out", folder / "shards",
        "--manifest", folder / "made.json", "--jobs", "1", "--set", "denoise.engine=off", *options,
    )  # fmt: skip


def _manifest_state(name: str):
    def look(folder: Path) -> Any:
        path = folder / name
        if not path.exists():
            return None
        assert _malsori("verify", "--deep", path) == 0, "verify --deep fails"
        content = json.loads(path.read_bytes())
        for transient in ("run", "history"):
            content.pop(transient)
        return _digest(json.dumps(content).encode())

    return look


def _files_state(name: str, *needed: str):
    """Hashes of the files of a folder, or of one file; temporary ones do not count."""

    def look(folder: Path) -> Any:
        path = folder / name
        if path.is_file():
            return _digest(path.read_bytes())
        files = {
            str(each.relative_to(path)): _digest(each.read_bytes())
            for each in sorted(path.rglob("*"))
            if each.is_file() and ".tmp" not in str(each.relative_to(path))
        }
        assert not files or set(needed) <= set(files), f"only {sorted(files)}"
        return files or None

    return look


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _handed_over(folder: Path) -> Path:
    return write_dataset(folder, "whole", [Person("a", 4), Person("b", 3), Person("c", 2, "test")])


def _derived(command: str, *arguments: object, output: str = "made.json") -> Scenario:
    """A command on a manifest, whose output stands there already, made by another one."""

    def prepare(folder: Path) -> None:
        _handed_over(folder)
        earlier = ["filter", folder / "whole.json", "num_phones >= 0", "-o", folder / "made.json"]
        if output == "made.json":
            assert _malsori(*earlier) == 0
        elif output == "page.html":
            assert _malsori("report", folder / "whole.json", "-o", folder / output, "--samples", "0") == 0

    def run(folder: Path) -> int:
        return _malsori(command, folder / "whole.json", *arguments, "-o", folder / output)

    look = _manifest_state(output) if output == "made.json" else _files_state(output)
    return Scenario(prepare, run, look, refuses=output == "exported")


def _merge() -> Scenario:
    def prepare(folder: Path) -> None:
        whole = _handed_over(folder)
        for name, expression in (("one", "speaker == 'whole/a'"), ("two", "speaker == 'whole/b'")):
            assert _malsori("filter", whole, expression, "-o", folder / f"{name}.json") == 0
        assert _malsori("filter", whole, "num_phones >= 0", "-o", folder / "made.json") == 0

    def run(folder: Path) -> int:
        parts = [folder / "one.json", folder / "two.json"]
        return _malsori("merge", *parts, "-o", folder / "made.json")

    return Scenario(prepare, run, _manifest_state("made.json"))


def _training_data(folder: Path) -> None:
    write_dataset(folder, "tiny", [Person("a", 6), Person("b", 2, "valid"), Person("c", 2, "test")])
    (folder / "micro.toml").write_text(MICRO)
    (folder / "a.wav").write_bytes(sound_recording(".wav"))


def _fit(folder: Path, *options: str) -> int:
    preset = ["--preset", folder / "micro.toml"]
    return _trainer("fit", folder / "tiny.json", "--run", folder / "run", "--resume", *preset, *options)


def _run_state(folder: Path) -> Any:
    """The newest weights, and whether they were measured; every checkpoint that is there can be loaded."""
    from train.run.folder import RunFolder

    run = RunFolder(folder / "run")
    last = run.last()
    if last is None:
        return None
    last.load_recogniser()
    best = run.best()
    assert best is not None
    best.load_recogniser()
    evaluation = folder / "run" / "evaluation.json"
    if evaluation.exists():
        json.loads(evaluation.read_bytes())
    return last.record.files["model.safetensors"][:16]


def _fit_resumed() -> Scenario:
    def prepare(folder: Path) -> None:
        _training_data(folder)
        assert _fit(folder, "--set", "loop.epochs=2", "--set", "loop.max_steps=1") == 0

    return Scenario(prepare, lambda folder: _fit(folder, "--set", "loop.max_steps=2"), _run_state)


def _evaluate(*options: str, again: tuple[str, ...]) -> Scenario:
    def prepare(folder: Path) -> None:
        _training_data(folder)
        assert _fit(folder) == 0
        assert _evaluated(folder, *again) == 0

    def look(folder: Path) -> Any:
        """Where the figures stand, the utterances are of the same measurement."""
        if not (folder / "out" / "evaluation.json").exists():
            return None
        measured = json.loads((folder / "out" / "evaluation.json").read_bytes())
        rows = [json.loads(line) for line in (folder / "out" / "utterances.jsonl").read_text().splitlines()]
        for kind in ("substitutions", "deletions", "insertions", "reference_phones"):
            assert sum(row[kind] for row in rows) == measured[kind]
        return [measured["split"], measured["decoder"], measured["per"]]

    return Scenario(prepare, lambda folder: _evaluated(folder, *options), look, withdraws=True)


def _evaluated(folder: Path, *options: str) -> int:
    return _trainer("evaluate", folder / "run", folder / "tiny.json", "-o", folder / "out", *options)


SCENARIOS = {
    "preprocess": Scenario(_raw, _preprocess, _manifest_state("made.json"), withdraws=True),
    "preprocess again": Scenario(
        lambda folder: (_raw(folder), _preprocess(folder)),
        lambda folder: _preprocess(folder, "--set", "shards.audio=flac"),
        _manifest_state("made.json"),
        withdraws=True,
    ),
    "filter": _derived("filter", "num_phones > 2"),
    "split": _derived("split", "--valid", "0.5"),
    "merge": _merge(),
    "report": _derived("report", "--samples", "2", output="page.html"),
    "export to NeMo": _derived("export", "--to", "nemo", output="exported"),
    "export to HF": _derived("export", "--to", "hf", output="exported"),
    "fit": Scenario(  # one checkpoint: it is there, or not
        _training_data, lambda folder: _fit(folder, "--set", "loop.epochs=1"), _run_state, withdraws=True
    ),
    "fit, resumed": _fit_resumed(),
    "evaluate": _evaluate("--split", "valid", again=()),
    "evaluate with a decoder": _evaluate("--decoder", "ngram", "--split", "valid", again=()),
}
