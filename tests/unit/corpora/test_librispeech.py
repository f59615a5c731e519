"""The LibriSpeech layout: LibriSpeech and Pansori-TEDxKR."""

import os
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS
from pipeline.record import Dropped, Utterance

LIBRISPEECH = READERS["librispeech"]
TEDXKR = READERS["tedxkr"]
MINI = Path(__file__).parents[3].parent / "shared/corpora/tedxkr-mini"


def _write_chapter(
    folder: Path, *lines: str, record: Callable[..., Path], also: tuple[str, ...] = ()
) -> None:
    for key in (*(line.split()[0] for line in lines), *also):
        record(folder / f"{key}.flac")
    stem = lines[0].split()[0].rpartition("-")[0]
    (folder / f"{stem}.trans.txt").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def librispeech(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    root = tmp_path / "LibriSpeech"
    for split, speaker, chapter in (
        ("train-clean-100", "103", "1240"),
        ("dev-clean", "84", "121123"),
        ("test-other", "367", "130732"),
    ):
        key = f"{speaker}-{chapter}"
        lines = (f"{key}-0000 CHAPTER ONE", f"{key}-0001 MISSUS RACHEL LYNDE")
        _write_chapter(root / split / speaker / chapter, *lines, record=record_tone)
    (root / "SPEAKERS.TXT").write_text("103 | F | train-clean-100 | 20 | Karen Savage")
    return root


@pytest.fixture
def pansori(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    root = tmp_path / "pansori"
    key = "6rmA6rK966y1-gwg56V-GE_Q"
    _write_chapter(
        root / "data/6rmA6rK966y1/gwg56V-GE_Q",
        f"{key}-0001 안녕하세요 여러분",
        f"{key}-0010\t1839년 8월 19일",
        record=record_tone,
        also=(f"{key}-0007",),
    )
    with (root / f"data/6rmA6rK966y1/gwg56V-GE_Q/{key}.trans.txt").open("a", encoding="utf-8") as listing:
        listing.write(f"\n{key}-0011 녹음이 없는 줄\n\n{key}-0001 같은 이름이 다시\n{key}-0012\n")
    return root


def test_librispeech(librispeech: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_librispeech.jsonl", LIBRISPEECH.read(librispeech), librispeech)


def test_pansori(pansori: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_tedxkr.jsonl", TEDXKR.read(pansori), pansori)


@pytest.mark.parametrize("below", ["dev-clean", "dev-clean/84", "dev-clean/84/121123"])
def test_a_part_of_the_corpus_keeps_its_ids(
    librispeech: Path, below: str, utterances: Callable[..., dict[str, Utterance]]
) -> None:
    whole = utterances(LIBRISPEECH.read(librispeech))
    part = utterances(LIBRISPEECH.read(librispeech / below))
    assert len(part) == 2
    assert all(whole[name] == utterance for name, utterance in part.items())


def test_a_relative_root(
    librispeech: Path, monkeypatch: pytest.MonkeyPatch, utterances: Callable[..., dict[str, Utterance]]
) -> None:
    monkeypatch.chdir(librispeech / "dev-clean/84/121123")
    found = utterances(LIBRISPEECH.read(Path()))
    assert list(found) == ["librispeech/84/84-121123-0000", "librispeech/84/84-121123-0001"]
    assert {utterance.split for utterance in found.values()} == {"valid"}


def test_decomposed_names_meet_composed_keys(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / "화자" / "장" / f"{normalize('NFD', '발화')}-1.flac")
    (audio.parent / "x.trans.txt").write_text("발화-1 안녕하세요", encoding="utf-8")
    (utterance,) = LIBRISPEECH.read(tmp_path)
    assert isinstance(utterance, Utterance)
    assert (utterance.audio.path, utterance.transcript) == (audio, "안녕하세요")


def test_a_line_in_another_encoding_is_counted(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / "s/c/s-c-1.flac")
    listing = audio.with_name("s-c.trans.txt")
    listing.write_bytes("s-c-0 안녕\n".encode("cp949") + "s-c-1 안녕하세요".encode())
    drop, utterance = LIBRISPEECH.read(tmp_path)
    assert isinstance(drop, Dropped)
    assert drop.reason is Reason.MALFORMED_LISTING
    assert isinstance(utterance, Utterance)


def test_recordings_without_any_listing_are_another_corpus(
    tmp_path: Path, record_tone: Callable[..., Path]
) -> None:
    record_tone(tmp_path / "a/b/c.flac")
    with pytest.raises(InputRejected, match=r"looked for a \*\.trans\.txt .* found 1 file: 1 \.flac"):
        LIBRISPEECH.read(tmp_path)


@pytest.mark.skipif(not MINI.is_dir(), reason="the real recordings are not beside the repository")
def test_real_mini(utterances: Callable[..., dict[str, Utterance]]) -> None:
    found = utterances(LIBRISPEECH.read(MINI))
    assert len(found) == 266
    assert sum(utterance.transcript is None for utterance in found.values()) == 2
    assert len({utterance.speaker for utterance in found.values()}) == 5
    files = {os.fspath(utterance.audio.path) for utterance in found.values()}
    assert files == {os.fspath(path) for path in MINI.rglob("*.flac")}
