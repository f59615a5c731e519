"""NeMo manifests."""

import json
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS, detect_corpus, find_corpus
from pipeline.record import AudioSource, Utterance

NEMO = READERS["nemo"]


def _lines(*entries: object) -> str:
    return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n"


@pytest.fixture
def nemo(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    for name in ("wavs/1.wav", "wavs/2 칸.wav", "talk.wav"):
        record_tone(tmp_path / name)
    train = _lines(
        {"audio_filepath": "wavs/1.wav", "duration": 0.05, "text": "안녕하세요", "speaker": "kim"},
        {"audio_filepath": "wavs/2 칸.wav", "duration": 0.05, "text": "반갑습니다"},
        {
            "audio_filepath": "talk.wav",
            "offset": 0.01,
            "duration": 0.02,
            "text": "첫 조각이에요",
            "speaker": 7,
        },
        {"audio_filepath": "talk.wav", "offset": 0.03, "duration": 0.02, "text": "둘째 조각이에요"},
        {"audio_filepath": "wavs/없음.wav", "duration": 1.0, "text": "녹음이 없어요"},
        {"audio_filepath": "wavs/1.wav", "duration": 0.05},
        {"audio_filepath": "wavs/1.wav", "text": "이름이 있어요", "id": "own-1", "split": "validation"},
        {"text": "녹음 이름이 없어요"},
        {"audio_filepath": "talk.wav", "offset": -1, "duration": 2, "text": "시간이 틀렸어요"},
        {"audio_filepath": "talk.wav", "offset": "x", "text": "시간이 틀렸어요"},
        {"audio_filepath": "talk.wav", "split": "mine", "text": "모르는 갈래예요"},
        ["목록"],
    )
    (tmp_path / "train_manifest.json").write_text(f"{train}{{잘린 줄\n\n", encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(_lines({"audio_filepath": "talk.wav", "text": "평가예요"}))
    (tmp_path / "other.json").write_text('{"language": "ko"}')
    return tmp_path


def test_a_folder_of_manifests(nemo: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_nemo.jsonl", NEMO.read(nemo), nemo)


@pytest.mark.parametrize(("audio", "text"), [("audio", "text"), ("path", "Sentence"), ("wav", "transcript")])
def test_json_lines_with_the_names_of_a_table(nemo: Path, audio: str, text: str) -> None:
    listing = nemo / "own.jsonl"
    listing.write_text(
        _lines({audio: "wavs/1.wav", text: "안녕하세요", "speaker_id": "kim"}, {audio: "talk.wav"})
    )
    assert detect_corpus(listing).name == "nemo"
    first, second = NEMO.read(listing)
    assert isinstance(first, Utterance)
    assert (first.id, first.speaker, first.transcript) == ("nemo/kim/wavs/1", "nemo/kim", "안녕하세요")
    assert isinstance(second, Utterance)
    assert second.transcript is None


@pytest.mark.parametrize("line", ['{"audio": "talk.wav"}', '{"text": "글"}', '["audio", "text"]', '{"audio"'])
def test_other_json_lines_are_not_a_manifest(nemo: Path, line: str) -> None:
    listing = nemo / "own.jsonl"
    listing.write_text(f"{line}\n")
    with pytest.raises(InputRejected, match=r"\.jsonl lines that name a recording \(path, audio"):
        list(NEMO.read(listing))


def test_a_manifest_itself(nemo: Path) -> None:
    (utterance,) = NEMO.read(nemo / "test.jsonl")
    assert isinstance(utterance, Utterance)
    assert (utterance.id, utterance.split) == ("nemo/talk", "test")


def test_no_manifest_of_many_is_forgotten(tmp_path: Path) -> None:
    for number in range(100):
        path = tmp_path / f"{number:03}.json"
        path.write_text(_lines({"audio_filepath": f"{number}.wav", "text": "안녕하세요"}))
    assert len(list(NEMO.read(tmp_path))) == 100


def test_absolute_paths_stay(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / "elsewhere/1.wav")
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.json").write_text(_lines({"audio_filepath": str(audio), "text": "안녕하세요"}))
    (utterance,) = NEMO.read(tmp_path / "m")
    assert isinstance(utterance, Utterance)
    assert utterance.audio == AudioSource(audio)
    assert utterance.id == f"nemo{audio.with_suffix('')}"


def test_names_in_the_other_unicode_form(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / normalize("NFD", "녹음") / normalize("NFD", "하나.wav"))
    (tmp_path / "a.json").write_text(_lines({"audio_filepath": "녹음/하나.wav", "text": "안녕하세요"}))
    (utterance,) = NEMO.read(tmp_path)
    assert isinstance(utterance, Utterance)
    assert utterance.audio.path == audio
    assert utterance.id == "nemo/녹음/하나"


def test_a_name_of_your_own(nemo: Path) -> None:
    clinic, radio = find_corpus("nemo:clinic"), find_corpus("nemo:radio")
    ids = [{item.id for item in corpus.read(nemo)} for corpus in (clinic, radio)]
    assert not ids[0] & ids[1]
    assert all(name.startswith("clinic/") for name in ids[0])
    assert clinic.record.name == "clinic"
    speakers = {item.speaker for item in clinic.read(nemo) if isinstance(item, Utterance)}
    assert speakers == {None, "clinic/kim", "clinic/7"}


@pytest.mark.parametrize("name", ["nobody", "nemo:", "nemo:../x", "nemo:Klinik"])
def test_names_that_ids_may_not_have(name: str) -> None:
    with pytest.raises(InputRejected):
        find_corpus(name)


def test_another_json(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"audio_filepath": "a"}]')
    with pytest.raises(InputRejected, match="holds no NeMo manifest"):
        NEMO.read(tmp_path)
