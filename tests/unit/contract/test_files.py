import hashlib
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import (
    file_sha256,
    is_regular,
    new_folder,
    open_regular,
    open_regular_text,
    read_regular,
    replacing,
    sweep,
    write_text,
)
from pipeline.contract.locks import locked, locked_name

NO_REGULAR_FILES = ["pipe", "socket", "device", "link to a device", "folder", "circle", "too long", "missing"]


@pytest.fixture
def odd(request, tmp_path, monkeypatch) -> Path:
    """A path at which no regular file lies."""
    path = tmp_path / "odd"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            monkeypatch.chdir(tmp_path)  # the name of a socket has at most 107 bytes
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind("odd")
        case "device":
            path = Path("/dev/zero")
        case "link to a device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "circle":
            path.symlink_to(path)
        case "too long":
            path = tmp_path / ("가" * 100)
        case "missing":
            pass
    return path


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


@pytest.mark.parametrize("odd", NO_REGULAR_FILES, indirect=True)
def test_only_regular_files_are_read_and_nothing_waits_for_a_pipe(odd):
    assert not is_regular(odd)
    for read in (open_regular, open_regular_text, file_sha256):
        with pytest.raises(OSError, match=odd.name):
            read(odd)
    with pytest.raises(OSError, match=odd.name):
        read_regular(odd, most_bytes=10)


def test_a_link_to_a_regular_file_is_read_up_to_the_bound(tmp_path):
    (tmp_path / "file").write_text("말소리", encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to("file")
    assert is_regular(link)
    assert read_regular(link, most_bytes=9).decode() == "말소리"
    with pytest.raises(OSError, match="larger than 8 bytes"):
        read_regular(link, most_bytes=8)
    with open_regular_text(link) as text:
        assert text.read() == "말소리"


@pytest.mark.parametrize("odd", ["folder", "circle", "too long"], indirect=True)
def test_a_path_that_no_file_can_have_is_refused(odd):
    (odd.parent / "file").touch()
    if os.path.islink(odd):  # noqa: PTH114 - Path.is_symlink raises for a name that is too long
        # A file may take the place of a link, but nothing can lie below it.
        odd = odd / "below"
    with pytest.raises(InputRejected, match="give another path"):
        write_text(odd, "text")
    with pytest.raises(InputRejected), new_folder(odd):
        raise AssertionError("the block must not run")


def test_nothing_is_written_below_a_file(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(InputRejected, match="a file stands where a folder is needed"):
        write_text(tmp_path / "file" / "below", "text")
    with pytest.raises(InputRejected), new_folder(tmp_path / "file" / "below"):
        raise AssertionError("the block must not run")
    with pytest.raises(InputRejected), locked(tmp_path / "file", option="--out"):
        raise AssertionError("the block must not run")


def test_the_longest_name_that_a_file_system_takes_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_text(path, "text")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_second_run_on_one_folder_is_refused_until_the_first_ends(tmp_path):
    code = (
        "import pathlib, sys\n"
        "from pipeline.contract.locks import locked\n"
        "with locked(pathlib.Path(sys.argv[1]), option='--out'): pass"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with locked(tmp_path, option="--out"):
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another run is writing to" in second.stderr
    assert InputRejected.__name__ in second.stderr
    assert subprocess.run(command, check=False).returncode == 0


def test_the_lock_of_a_name_goes_with_its_holder_and_takes_no_file_with_it(tmp_path):
    path = tmp_path / ("m" * 250 + ".json")
    for _ in range(2):
        with (
            locked_name(path, option="-o"),
            pytest.raises(InputRejected, match="is writing to"),
            locked_name(path, option="-o"),
        ):
            raise AssertionError("the block must not run")
        assert not list(tmp_path.iterdir())
    with suppress(KeyboardInterrupt), locked_name(path, option="-o"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    (tmp_path / ".m.json.lock").write_text("theirs")
    with locked_name(tmp_path / "m.json", option="-o"):
        pass
    assert (tmp_path / ".m.json.lock").read_text() == "theirs"


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").write_text("content")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").symlink_to("../precious")
    with pytest.raises(InputRejected, match="no regular file"), locked(tmp_path / "out", option="--out"):
        raise AssertionError("the block must not run")
    assert (tmp_path / "precious").read_text() == "content"
