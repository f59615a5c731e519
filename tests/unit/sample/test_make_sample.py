import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import stamp
from corpus import write_corpus
from make_sample import _sweep, make_sample
from plan import Planned, plan_utterances

from pipeline.contract.errors import InputRejected, MissingResource

SCALE = 0.002  # one utterance of each kind in each split that has it


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample. Not to be changed."""
    pytest.importorskip("espeakng_loader")
    out = tmp_path_factory.mktemp("sample") / "raw"
    assert make_sample(out, scale=SCALE)
    return out


@pytest.fixture
def made(sample: Path, tmp_path: Path) -> Path:
    """A copy of `sample` that a test may change."""
    return Path(shutil.copytree(sample, tmp_path / "raw"))


def five() -> list[Planned]:
    kinds = ("plain", "dual", "filler", "odd", "missing")
    planned = plan_utterances(scale=SCALE)
    return [next(one for one in planned if one.kind == kind) for kind in kinds]


def test_same_bytes_twice(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    for name in "ab":
        write_corpus(tmp_path / name, five())
    first = contents(tmp_path / "a")
    assert contents(tmp_path / "b") == first
    assert sorted(Path(name).suffix for name in first) == [".pcm"] * 4 + [".trn"] + [".txt"] * 5
    assert [len(content) % 2 for name, content in first.items() if name.endswith(".pcm")].count(1) == 1


def test_lists_and_texts_agree(made: Path) -> None:
    lists = sorted(made.rglob("*.trn"))
    assert [path.name for path in lists] == ["dev.trn", "eval_clean.trn", "train.trn"]
    lines = [line for path in lists for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(plan_utterances(scale=SCALE))
    for line in lines:
        path, _, text = line.partition(" :: ")
        (file,) = made.rglob(f"{Path(path).stem}.txt")
        assert file.read_bytes().decode("cp949") == text


def test_made_once(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    assert not make_sample(made, scale=SCALE)
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before
    assert [path.name for path in made.parent.iterdir()] == ["raw"]


def test_made_again_when_a_file_is_gone(made: Path) -> None:
    before = contents(made)
    next(made.rglob("*.pcm")).unlink()
    assert make_sample(made, scale=SCALE)
    assert contents(made) == before


def test_made_again_by_another_generator(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamp, "PACKAGES", ("soxr",))
    assert make_sample(made, scale=SCALE)
    assert [path.name for path in made.parent.iterdir()] == ["raw"]
    assert not make_sample(made, scale=SCALE)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputRejected, match="are not the sample"):
        make_sample(tmp_path, scale=SCALE)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_without_espeak_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingResource, match="espeakng-loader is not installed"):
        make_sample(tmp_path / "raw", scale=SCALE)
    assert list(tmp_path.iterdir()) == []


def test_interrupted_making_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("espeakng_loader")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("corpus.write_lists", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_sample(tmp_path / "raw", scale=SCALE)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_maker_left_is_removed(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    kept = {tmp_path / f".raw.{os.getpid()}.making", tmp_path / ".raw.notes"}
    for folder in (*kept, tmp_path / f".raw.{killed.pid}.making", tmp_path / f".raw.{killed.pid}.old"):
        folder.mkdir()
    _sweep(tmp_path / "raw")
    assert set(tmp_path.iterdir()) == kept


def test_command_line_refuses_a_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    script = Path(stamp.__file__).parent / "make_sample.py"
    done = subprocess.run(
        [sys.executable, script, "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == InputRejected.exit_code
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
