"""Folders that somebody else filled: pipes, links in circles and devices hold nobody up, nor pass unseen."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from miniature_corpora import LISTINGS, write_listings

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS, Listed, detect_corpus
from pipeline.record import Dropped, Rejection, TextFile
from pipeline.transcript import read_transcript

pytestmark = pytest.mark.usefixtures("no_hang")

ONE_MORE = {
    "kspon": "scripts/other.trn",
    "aihub130": "1.Training/labels/zz_metadata.txt",
    "dialect": "Training/라벨링데이터/DKSR2.json",
    "zeroth": "train_data_01/003/104/zz.trans.txt",
    "tedxkr": "data/6rmA6rK966y1/gwg56V-GE_Q/zz.trans.txt",
    "librispeech": "dev-clean/84/121123/zz.trans.txt",
    "kss": "transcript.v.9.txt",
    "commonvoice": "ko/test.tsv",
    "fleurs": "test.tsv",
    "clovacall": "zz.json",
    "nemo": "zz.jsonl",
    "table": "zz.csv",
}
"""Where one more listing of each corpus lies, or another in its place."""


def _make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


OBSTACLES: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "socket": _make_socket,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nowhere"),
}


def _read(name: str, root: Path) -> tuple[list[Listed], str]:
    try:
        return list(READERS[name].read(root)), ""
    except InputRejected as refused:
        return [], str(refused)


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("name", READERS)
def test_a_listing_that_is_no_regular_file_is_refused_or_dropped_by_name(
    tmp_path: Path, name: str, obstacle: str
) -> None:
    path = write_listings(name, tmp_path) / ONE_MORE[name]
    path.unlink(missing_ok=True)
    OBSTACLES[obstacle](path)
    assert detect_corpus(tmp_path).name == name
    listed, refused = _read(name, tmp_path)
    if refused:
        assert str(path) in refused
        assert "cannot read" in refused or "cannot be read" in refused
    else:
        assert any(path.name in item.detail for item in listed if isinstance(item, Dropped))


@pytest.mark.parametrize("name", READERS)
def test_a_listing_that_is_too_large_is_refused_or_dropped_by_name(tmp_path: Path, name: str) -> None:
    path = write_listings(name, tmp_path) / ONE_MORE[name]
    path.write_bytes(b"")
    os.truncate(path, 2**36)  # sparse: it takes no room, and minutes to read
    listed, refused = _read(name, tmp_path)
    assert path.name in refused or any(
        path.name in item.detail for item in listed if isinstance(item, Dropped)
    )


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("name", READERS)
def test_any_file_of_a_corpus_may_be_an_obstacle(tmp_path: Path, name: str, obstacle: str) -> None:
    for file in LISTINGS[name]:
        root = write_listings(name, tmp_path / Path(file).name)
        (root / file).unlink()
        OBSTACLES[obstacle](root / file)
        listed, refused = _read(name, root)
        assert listed or refused
        with suppress(InputRejected):  # the layout may not be known by what is left
            detect_corpus(root)


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("file", ["b.csv", "b.tsv", "x.json", "x.jsonl", "a.trans.txt", "a_metadata.txt"])
def test_auto_names_the_only_listing_if_it_cannot_be_read(tmp_path: Path, obstacle: str, file: str) -> None:
    OBSTACLES[obstacle](tmp_path / file)
    if file == "a.trans.txt":  # the name alone is LibriSpeech's
        assert detect_corpus(tmp_path).name == "librispeech"
        assert file in _read("librispeech", tmp_path)[1]
        return
    with pytest.raises(InputRejected, match=f"but cannot read {file}"):
        detect_corpus(tmp_path)


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_a_transcript_that_is_no_regular_file_is_the_drop_of_its_utterance(
    tmp_path: Path, obstacle: str
) -> None:
    OBSTACLES[obstacle](tmp_path / "a.txt")
    found = read_transcript(TextFile(tmp_path / "a.txt", "cp949"))
    assert isinstance(found, Rejection)
    assert found.reason is Reason.MISSING_TRANSCRIPT
    assert found.detail.startswith("a.txt: ")


@pytest.mark.parametrize("name", READERS)
def test_a_listing_that_may_not_be_read_is_refused_or_dropped_by_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_listings(name, tmp_path) / ONE_MORE[name]
    path.write_bytes(next(iter(LISTINGS[name].values())))
    really_open = os.open

    def refuse(opened: object, *arguments: int) -> int:
        if os.fspath(opened) == os.fspath(path):  # type: ignore[call-overload]
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return really_open(opened, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    listed, refused = _read(name, tmp_path)
    if refused:
        assert f"{path}" in refused
        assert "Permission denied" in refused
    else:
        assert any(path.name in item.detail for item in listed if isinstance(item, Dropped))


@pytest.mark.parametrize("name", READERS)
def test_folders_and_files_with_cp949_names(tmp_path: Path, name: str) -> None:
    """As Korean zip archives unpack elsewhere: the corpus reads as it does under any other name."""
    folder = tmp_path / os.fsdecode("한글".encode("cp949"))
    root = write_listings(name, folder)
    for other in ("가.wav", "나.json", "다.csv.bak"):
        (root / os.fsdecode(other.encode("cp949"))).write_text("{}")
    assert detect_corpus(tmp_path).name == name
    listed, refused = _read(name, tmp_path)
    assert listed, refused
    for item in listed:
        item.id.encode()
        if isinstance(item, Dropped):
            item.detail.encode()


@pytest.mark.parametrize(
    "name", [name for name in READERS if name not in ("kspon", "zeroth", "tedxkr", "librispeech")]
)
def test_a_corpus_whose_only_listing_cannot_be_read_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    for file in LISTINGS[name]:
        if not file.endswith((".wav", ".txt")) or name == "kss":
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(tmp_path / file)
    listed, refused = _read(name, tmp_path)
    assert not listed
    assert "is a pipe" in refused
    assert any(Path(file).name in refused for file in LISTINGS[name])
