"""A run's folder: what is damaged gives way and stays, what is not ours is left alone.

Each write is interrupted at every one of its steps, by a kill, a full disk and a disk that became
read-only. What is left is the old checkpoint or the new one, never neither.
"""

import errno
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from pipeline.contract.errors import HandOffBroken
from train.run.folder import RunFolder, find_checkpoint

FORK = multiprocessing.get_context("fork")
FILES = ["checkpoint.json", "model.safetensors", "optimiser.safetensors"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def replace_by_pipe(path):
    path.unlink()
    os.mkfifo(path)


def replace_by_device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = [Path.unlink, cut, flip, replace_by_pipe, replace_by_device, replace_by_folder]
DAMAGES += [lambda path: path.write_bytes(b"")]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(copied, capsys, name, damage):
    newest = copied.last().folder
    damage(newest / name)
    found = copied.last()
    assert found.folder.name == "step-00000001"
    said = capsys.readouterr().err
    assert "step-00000002 is damaged" in said
    assert name in said
    assert "step-00000001 is used instead" in said
    assert newest.is_dir()  # looked at, not removed


def test_training_goes_on_from_the_one_before_and_loses_nothing(copied, go_on, capsys):
    whole = contents(copied.last().folder)
    flip(copied.last().folder / "model.safetensors")
    go_on(copied)
    assert "step-00000001 is used instead" in capsys.readouterr().err
    again = contents(copied.last().folder)
    assert {path.name for path in again} == {path.name for path in whole}
    weights = [path for path in whole if path.suffix == ".safetensors"]
    assert [again[path] for path in weights] == [whole[path] for path in weights]


def test_a_damaged_later_checkpoint_takes_no_good_ones_place(copied, capsys):
    first = copied.checkpoints / "step-00000001"
    record = copied.last().record
    later = copied.checkpoints / "step-00000009"
    (copied.checkpoints / "step-00000002").rename(later)
    flip(later / "model.safetensors")
    loop = record.settings.loop.model_copy(update={"keep_last": 1})
    settings = record.settings.model_copy(update={"loop": loop})
    position = record.position.model_copy(update={"step": 3, "best": ()})
    files = {name: (first / name).read_bytes() for name in record.files}
    hashes = RunFolder(copied.path).last().record.files
    copied.save(
        files, record.model_copy(update={"position": position, "settings": settings, "files": hashes})
    )
    assert copied.last().folder.name == "step-00000003"
    assert later.is_dir()


def test_the_best_that_is_damaged_gives_way_to_another(copied, capsys):
    best = copied.best().folder
    cut(best / "model.safetensors")
    other = find_checkpoint(copied.path)
    assert other.folder != best
    assert other.load_recogniser()
    assert f"{best.name} is damaged" in capsys.readouterr().err


def test_when_all_are_damaged_they_are_named_and_stay(copied):
    for path in copied.checkpoints.glob("*/checkpoint.json"):
        path.write_text("{")
    before = contents(copied.path)
    with pytest.raises(HandOffBroken, match=r"step-00000002 .*step-00000001 .*another --run"):
        copied.last()
    with pytest.raises(HandOffBroken, match="no checkpoint of"):
        copied.best()
    assert contents(copied.path) == before
    assert HandOffBroken.exit_code == 5


@pytest.mark.parametrize(
    "name",
    [
        "step-00000010.tar.gz",
        "step-00000010",
        "step-10",
        "step-0000001x",
        "step-000000010",
        "step-٠٠٠٠٠٠١٠",
        "step-00000010 (copy)",
        "Step-00000010",
        "best",
        "step-00000010\n",
    ],
)
def test_only_folders_with_a_steps_name_are_checkpoints(copied, name):
    stray = copied.checkpoints / name
    stray.write_bytes(b"somebody's")
    assert copied.last().folder.name == "step-00000002"
    assert copied.best()
    if name != "step-00000010":
        stray.unlink()
        shutil.copytree(copied.last().folder, stray)
        assert copied.last().folder.name == "step-00000002"
    assert stray.exists()


STEPS_OF_A_WRITE = [(os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"), (shutil, "rmtree")]


def interrupt(monkeypatch, at, action):
    """Do `action` in place of the `at`-th step of a write; the steps done are counted in what is returned."""
    done = []
    for owner, name in STEPS_OF_A_WRITE:
        real = getattr(owner, name)

        def counted(*arguments, real=real, **options):
            done.append(real)
            if len(done) == at:
                action()
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, counted)
    return done


@pytest.fixture
def next_checkpoint(copied):
    """Saves a checkpoint of step 3 that pushes the one of step 1 out."""
    last = copied.last()
    loop = last.record.settings.loop.model_copy(update={"keep_last": 1})
    settings = last.record.settings.model_copy(update={"loop": loop})
    position = last.record.position.model_copy(update={"step": 3, "best": ()})
    files = {name: (last.folder / name).read_bytes() for name in last.record.files}
    record = last.record.model_copy(update={"position": position, "settings": settings})
    return lambda: copied.save(files, record)


def test_a_save_has_steps_to_interrupt(next_checkpoint, monkeypatch, copied):
    assert len(interrupt(monkeypatch, 0, None)) == 0
    done = interrupt(monkeypatch, -1, None)
    next_checkpoint()
    assert len(done) >= 12
    assert [path.name for path in copied.checkpoints.iterdir()] == ["step-00000003"]


@pytest.mark.parametrize("at", range(1, 16))
@pytest.mark.parametrize("reason", ["killed", "full", "read-only"])
def test_a_save_that_is_cut_off_leaves_the_old_or_the_new(next_checkpoint, monkeypatch, copied, reason, at):
    """Old: step 2, which is then still whole. New: step 3."""
    if reason == "killed":
        process = FORK.Process(target=save_and_be_killed, args=(next_checkpoint, monkeypatch, at))
        process.start()
        process.join(60)
        assert process.exitcode in {0, 9}
    else:
        number = errno.ENOSPC if reason == "full" else errno.EROFS

        def fail():
            raise OSError(number, os.strerror(number))

        interrupt(monkeypatch, at, fail)
        try:
            next_checkpoint()
        except OSError as error:
            assert error.errno == number  # noqa: PT017 - the later numbers come after the last step
    monkeypatch.undo()
    found = copied.last()
    assert found.folder.name in {"step-00000002", "step-00000003"}
    assert found.load_recogniser()
    next_checkpoint()  # what was left behind is in nobody's way
    assert [path.name for path in copied.checkpoints.iterdir()] == ["step-00000003"]


def save_and_be_killed(save, monkeypatch, at):
    interrupt(monkeypatch, at, lambda: os._exit(9))
    save()
