"""Plain tables."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS
from pipeline.record import AudioSource, Utterance

TABLE = READERS["table"]


@pytest.fixture
def table(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    for name in ("wavs/1.wav", "wavs/2.wav", "talk.flac"):
        record_tone(tmp_path / name)
    (tmp_path / "meta.csv").write_text(
        "\ufeffPath,Speaker,Split,Offset,Duration,Text\r\n"
        'wavs/1.wav,kim,train,,,"네, 맞아요."\r\n'
        "wavs/2.wav,lee,dev,,1.5,그렇군요 정말\r\n"
        "talk.flac,,test,0.01,0.02,조각이에요\r\n"
        "없음.wav,,,,,녹음이 없어요\r\n"
        "\r\n"
        ",kim,train,,,녹음 이름이 없어요\r\n"
        "wavs/1.wav,kim,train,x,,시간이 틀렸어요\r\n"
        "wavs/1.wav,kim,nowhere,,,모르는 갈래예요\r\n"
        "wavs/1.wav,kim,train,,,칸이,많아요\r\n"
        "wavs/2.wav\r\n",
        encoding="utf-8",
    )
    (tmp_path / ".notes.csv").write_text("name,remark\na,b\n")
    return tmp_path


def test_a_folder_of_tables(table: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_table.jsonl", TABLE.read(table), table)


def test_a_table_that_excel_saved_in_korea(tmp_path: Path) -> None:
    rows = "path,text\r\nwavs/1.wav,안녕하세요 여러분\r\nwavs/2.wav,똠방각하 펲시콜라\r\n"
    (tmp_path / "meta.csv").write_bytes(rows.encode("cp949"))
    texts = [row.transcript for row in TABLE.read(tmp_path) if isinstance(row, Utterance)]
    assert texts == ["안녕하세요 여러분", "똠방각하 펲시콜라"]


def test_one_row_in_another_encoding_is_dropped_alone(tmp_path: Path) -> None:
    rows = ["path,text", "wavs/1.wav,안녕하세요 여러분", "wavs/2.wav,반갑습니다", "wavs/3.wav,또 만나요"]
    (tmp_path / "meta.csv").write_bytes(
        b"\n".join(row.encode("cp949" if "2.wav" in row else "utf-8") for row in rows)
    )
    found = list(TABLE.read(tmp_path))
    assert [row.transcript for row in found if isinstance(row, Utterance)] == [
        "안녕하세요 여러분",
        "또 만나요",
    ]
    (dropped,) = [row for row in found if not isinstance(row, Utterance)]
    assert "not UTF-8" in dropped.detail


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("test.tsv", 'wav\tsentence\tid\nwavs/1.wav\t"네" 했어요\tone\n'),
        ("test.csv", 'id;wav;sentence\none;wavs/1.wav;"""네"" 했어요"\n'),
        ("test.csv", 'id|audio_filepath|transcript|audio\none|wrong|"""네"" 했어요"|wavs/1.wav\n'),
    ],
)
def test_delimiters_and_names_of_columns(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    for root in (tmp_path, tmp_path / name):
        (utterance,) = TABLE.read(root)
        assert utterance == Utterance(
            id="table/one",
            speaker=None,
            audio=AudioSource(tmp_path / "wavs/1.wav"),
            transcript='"네" 했어요',
            split="test",
        )


def test_the_index_that_pandas_writes_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "meta.csv").write_text(",path,text\n0,wavs/1.wav,안녕하세요\n", encoding="utf-8")
    (utterance,) = TABLE.read(tmp_path)
    assert isinstance(utterance, Utterance)
    assert (utterance.id, utterance.speaker, utterance.split) == ("table/wavs/1", None, None)


def test_a_table_without_the_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,remark\na,b\n")
    with pytest.raises(InputRejected, match=r"holds no table: looked for \.csv or \.tsv with a header"):
        TABLE.read(tmp_path)
