import hashlib

import pytest

from pipeline.contract.files import file_sha256, replacing, write_text


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
