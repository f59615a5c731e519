"""Two runs never write to one folder: the second is refused, at once and on every rank."""

import json
import multiprocessing
import subprocess
import sys

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.contract.locks import locked
from train.run.folder import RunFolder
from train.run.trainer import Trainer

FORK = multiprocessing.get_context("fork")
REFUSED = "another run is writing to"
PATIENCE_S = 300.0


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("first", ["new", "resumed"])
def test_a_run_that_is_trained_by_another_process_is_refused(
    copied, tmp_path, go_on, monkeypatch, capsys, first
):
    """A second first run, and a second resumed one; what the other run had and writes stays its own."""
    run = copied if first == "resumed" else RunFolder(tmp_path / "new")
    training, ended = FORK.Event(), FORK.Event()
    real = Trainer.train

    def held(trainer):
        training.set()
        assert ended.wait(PATIENCE_S)
        real(trainer)

    monkeypatch.setattr(Trainer, "train", held)
    other = FORK.Process(target=go_on, args=(run, "loop.max_steps=3"))
    other.start()
    assert training.wait(PATIENCE_S)
    monkeypatch.undo()
    before = everything(run.path)
    for _ in range(2):
        with pytest.raises(InputRejected, match=REFUSED):
            go_on(run, "loop.max_steps=4")
    assert everything(run.path) == before
    ended.set()
    other.join(PATIENCE_S)
    assert other.exitcode == 0
    assert run.last().record.position.step == 3
    go_on(run, "loop.max_steps=4")  # the lock ends with its process
    assert run.last().record.position.step == 4


def test_the_lock_is_held_until_the_run_is_measured(copied, go_on, monkeypatch):
    import train.run.fit as module

    def refused(folder, *_):
        with pytest.raises(InputRejected, match=REFUSED), locked(folder, option="--run"):
            pass

    monkeypatch.setattr(module, "write_evaluation", refused)
    go_on(copied, "loop.max_steps=3")


def test_a_dry_run_takes_no_lock_and_leaves_nothing(tone_manifest, micro, tmp_path, copied):
    command = [sys.executable, "-m", "train", "fit", tone_manifest, "--preset", micro, "--dry-run", "--run"]
    with locked(copied.path, option="--run"):
        before = everything(copied.path)
        for folder in (copied.path, tmp_path / "new"):
            done = subprocess.run([*map(str, command), str(folder)], capture_output=True, check=True)
            assert json.loads(done.stdout)["parameters"]
        assert everything(copied.path) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("link", ["../elsewhere", "/dev/zero"])
def test_a_lock_that_is_a_link_is_not_followed(copied, go_on, tmp_path, link):
    (tmp_path / "elsewhere").write_text("somebody's")
    (copied.path / ".lock").unlink()
    (copied.path / ".lock").symlink_to(link)
    with pytest.raises(InputRejected, match="no regular file"):
        go_on(copied)
    assert (tmp_path / "elsewhere").read_text() == "somebody's"
