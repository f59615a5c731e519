"""LibriSpeech, and what all corpora in its layout share."""

from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS
from pipeline.record import Dropped, Utterance

LIBRISPEECH = READERS["librispeech"]


def _write_chapter(folder: Path, *lines: str, record: Callable[..., Path]) -> None:
    for line in lines:
        record(folder / f"{line.split()[0]}.flac")
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


def test_librispeech(librispeech: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_librispeech.jsonl", LIBRISPEECH.read(librispeech), librispeech)


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


def test_recordings_without_any_listing_are_rejected(
    tmp_path: Path, record_tone: Callable[..., Path]
) -> None:
    record_tone(tmp_path / "a/b/c.flac")
    with pytest.raises(InputRejected, match=r"looked for a \*\.trans\.txt .* found 1 file: 1 \.flac"):
        LIBRISPEECH.read(tmp_path)
