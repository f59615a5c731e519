import hashlib
from contextlib import suppress

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import file_sha256, new_folder, replacing, sweep, write_text


def test_the_file_appears_only_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "file.bin"
    with replacing(path) as stream:
        stream.write(b"half")
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_a_failure_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write_half():
        with replacing(path) as stream:
            stream.write(b"new")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk is full"):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\x00" * 3_000_000)
    assert file_sha256(path) == hashlib.sha256(b"\x00" * 3_000_000).hexdigest()


def test_the_folder_takes_its_name_at_the_end(tmp_path):
    target = tmp_path / "deep" / "out"
    with new_folder(target) as folder:
        (folder / "file").write_text("content")
        assert not target.exists()
    assert (target / "file").read_text() == "content"
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    def fail() -> None:
        with new_folder(tmp_path / "out") as folder:
            (folder / "file").write_text("content")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_stands_there_is_not_touched(tmp_path, kind):
    target = tmp_path / "out"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("precious")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputRejected, match="exists already"), new_folder(target):
        raise AssertionError("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_made_meanwhile_is_not_replaced(tmp_path):
    def race() -> None:
        with new_folder(tmp_path / "out") as folder:
            assert folder.is_dir()
            (tmp_path / "out").mkdir()

    with pytest.raises(InputRejected):
        race()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("ends_well", [True, False])
def test_replace_takes_the_old_folder_away_only_when_the_new_one_is_whole(tmp_path, ends_well):
    def write() -> None:
        with new_folder(tmp_path / "out", replace=True) as folder:
            (folder / "new").touch()
            assert [path.name for path in (tmp_path / "out").iterdir()] == ["old"]
            if not ends_well:
                raise KeyboardInterrupt

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with suppress(KeyboardInterrupt):
        write()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new" if ends_well else "old"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_sweep_removes_what_killed_writers_left_and_nothing_else(tmp_path):
    (tmp_path / ".file.json.1.tmp").touch()
    (tmp_path / ".folder.1.tmp" / "inside").mkdir(parents=True)
    (tmp_path / ".hidden").touch()
    (tmp_path / "precious.tmp").touch()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".hidden", "precious.tmp"}
