"""Walking folders: order, links, hidden files, names in any form."""

import os
from collections import Counter
from pathlib import Path
from unicodedata import normalize

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora.contents import (
    Folder,
    count_extensions,
    describe_files,
    split_extension,
    walk_folders,
)


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def _files(root: Path) -> list[str]:
    return [
        str((folder.path / name).relative_to(root)) for folder in walk_folders(root) for name in folder.names
    ]


def test_order_is_by_name_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a b/한글 이름.wav", "z", ".git/x", "b/._1", "__MACOSX/a"):
        _touch(tmp_path / name)
    assert _files(tmp_path) == ["z", "a b/한글 이름.wav", "b/1", "b/2"]


def test_decomposed_names_sort_where_composed_ones_do(tmp_path: Path) -> None:
    names = ["가", "각", "나", "다"]
    for form in ("NFC", "NFD"):
        for name in names:
            _touch(tmp_path / form / normalize(form, name))
    composed = [normalize("NFC", name) for name in _files(tmp_path / "NFD")]
    assert composed == _files(tmp_path / "NFC") == names


def test_a_loop_of_links_ends_and_each_folder_is_listed_once(tmp_path: Path) -> None:
    _touch(tmp_path / "data/x")
    (tmp_path / "data/again").symlink_to(tmp_path)
    (tmp_path / "a_link").symlink_to(tmp_path / "data")
    assert _files(tmp_path) == ["data/x"]


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    _touch(tmp_path / "disk/x")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/part").symlink_to(tmp_path / "disk")
    assert _files(tmp_path / "corpus") == ["part/x"]


def test_an_absent_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="cannot list"):
        list(walk_folders(tmp_path / "absent"))


def test_names_that_are_not_unicode_are_listed(tmp_path: Path) -> None:
    _touch(tmp_path / os.fsdecode("한글.wav".encode("cp949")))
    assert _files(tmp_path)


def test_split_extension_and_description() -> None:
    assert split_extension("a.b.PCM") == ("a.b", "PCM")
    assert split_extension("README") == ("README", "")
    assert describe_files(Counter()) == "no files"
    kinds = count_extensions([Folder(Path(), ("a.wav", "b.WAV", "c.txt")), Folder(Path(), ("README",))])
    assert describe_files(kinds) == "4 files: 2 .wav, 1 without extension, 1 .txt"
