"""Mozilla Common Voice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS
from pipeline.record import Utterance

COMMON_VOICE = READERS["commonvoice"]
OLD = "client_id path sentence up_votes down_votes age gender accent locale segment".split()
NEW = (
    "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender accents variant"
    " locale segment".split()
)


def _write_list(path: Path, columns: list[str], *rows: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(columns), *("\t".join(row.get(name, "") for name in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _row(number: int, sentence: str, client: str = "c0ffee") -> dict[str, str]:
    return {
        "client_id": client,
        "path": f"common_voice_ko_{number}.mp3",
        "sentence": sentence,
        "locale": "ko",
    }


@pytest.fixture
def common_voice(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    folder = tmp_path / "cv-corpus-17.0/ko"
    for number in (1, 2, 3, 4):
        record_tone(folder / f"clips/common_voice_ko_{number}.mp3", seconds=0.2)
    rows = [_row(1, '"네"라고 말했다.'), _row(2, "3%가 넘는다.", ""), _row(9, "녹음이 없는 문장.")]
    _write_list(folder / "train.tsv", NEW, *rows)
    with (folder / "train.tsv").open("ab") as listing:
        listing.write(b"c0ffee\tcommon_voice_ko_4.mp3\t1\t" + "한글".encode("cp949") + b"\n\n")
        listing.write(b"c0ffee\tcommon_voice_ko_4.mp3\n")
        listing.write("\t".join(["x"] * 14).encode() + b"\n")
    _write_list(folder / "dev.tsv", NEW, _row(3, "개발용 문장.", "beef"))
    _write_list(folder / "test.tsv", NEW, _row(4, "평가용 문장.", "cafe"))
    _write_list(folder / "validated.tsv", NEW, *rows)
    _write_list(folder / "invalidated.tsv", NEW, _row(5, "틀리게 읽은 문장."))
    return tmp_path


def test_as_distributed(common_voice: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_commonvoice.jsonl", COMMON_VOICE.read(common_voice), common_voice)


def test_first_release_and_only_validated(tmp_path: Path) -> None:
    _write_list(tmp_path / "validated.tsv", OLD, _row(1, "안녕하세요") | {"path": "0a1b2c"})
    (utterance,) = COMMON_VOICE.read(tmp_path)
    assert isinstance(utterance, Utterance)
    assert utterance.id == "commonvoice/0a1b2c"
    assert utterance.audio.path == tmp_path / "clips/0a1b2c.mp3"
    assert (utterance.speaker, utterance.split) == ("commonvoice/c0ffee", None)


def test_several_languages_are_not_mixed(tmp_path: Path) -> None:
    for language in ("en", "ko"):
        _write_list(tmp_path / language / "train.tsv", OLD, _row(1, "안녕하세요"))
    with pytest.raises(InputRejected, match="several languages: en, ko"):
        COMMON_VOICE.read(tmp_path)


def test_another_table(tmp_path: Path) -> None:
    _write_list(tmp_path / "train.tsv", ["path", "text"])
    with pytest.raises(InputRejected, match="is not Common Voice"):
        COMMON_VOICE.read(tmp_path)
