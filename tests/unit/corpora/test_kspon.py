"""KsponSpeech in the shapes in which it is found."""

from collections.abc import Callable
from pathlib import Path

import pytest
from miniature_corpora import make_kspon_miniature

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS
from pipeline.corpora.corpus import Corpus
from pipeline.record import Dropped, TextFile, Utterance

KSPON: Corpus = READERS["kspon"]
SAMPLE = Path(__file__).parents[3].parent / "shared/corpora/kspon-sample"


def _write_list(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def distributed(tmp_path: Path, record_tone: Callable[..., Path]) -> Path:
    """As AI Hub hands it out: Hangul folders, scripts apart, evaluation files elsewhere."""
    root = tmp_path / "한국어 음성"
    train = root / "한국어_음성_분야/KsponSpeech_01/KsponSpeech_0001"
    for number in (1, 2, 3, 5):
        audio = record_tone(train / f"KsponSpeech_{number:06}.pcm")
        audio.with_suffix(".txt").write_bytes(f"스물 {number} 번째 문장".encode("cp949"))
    record_tone(train / "KsponSpeech_000006.pcm")  # neither listed nor with a .txt
    record_tone(root / "한국어_음성_분야/KsponSpeech_05/KsponSpeech_0621/KsponSpeech_620001.pcm")
    odd = record_tone(root / "평가용_데이터/eval_clean/KsponSpeech_E00001.pcm")
    odd.write_bytes(odd.read_bytes() + b"\x00")
    record_tone(root / "평가용_데이터/eval_other/KsponSpeech_E03001.pcm")
    (train / "KsponSpeech_label_000001.txt").write_text("3 14 15")
    scripts = root / "전시문_통합_스크립트/KsponSpeech_scripts"
    folder = "KsponSpeech_01/KsponSpeech_0001"
    _write_list(
        scripts / "train.trn",
        f"{folder}/KsponSpeech_000001.pcm :: b/ 아/ 그건 (70%)/(칠십 퍼센트) 확률이야.",
        f"{folder}/KsponSpeech_000002.pcm :: 비율은 삼 :: 일이었어.",
        "",
        f"{folder}/KsponSpeech_000003.pcm 나눔표가 없는 줄",
        f"{folder}/KsponSpeech_000004.pcm :: 녹음이 없는 문장이야.",
    )
    _write_list(
        scripts / "dev.trn", "KsponSpeech_05/KsponSpeech_0621/KsponSpeech_620001.pcm :: 개발용 문장이야."
    )
    for split, number in (("eval_clean", 1), ("eval_other", 3001)):
        name = f"KsponSpeech_E{number:05}.pcm"
        _write_list(scripts / f"{split}.trn", f"KsponSpeech_eval/{split}/{name} :: 평가용 문장이야.")
    return root


def test_as_distributed(distributed: Path, matches_golden: Callable[..., None]) -> None:
    matches_golden("corpora_kspon.jsonl", KSPON.read(distributed), distributed)


def test_reading_twice_gives_the_same_order(distributed: Path) -> None:
    assert list(KSPON.read(distributed)) == list(KSPON.read(distributed))


def test_only_texts(tmp_path: Path, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / "KsponSpeech_0001/KsponSpeech_000001.pcm")
    audio.with_suffix(".txt").write_bytes("아 몬 소리야".encode("cp949"))
    audio.with_name("KsponSpeech_000002.txt").touch()
    (tmp_path / "README.txt").touch()
    first, second = KSPON.read(tmp_path)
    assert isinstance(first, Utterance)
    assert (first.id, first.speaker, first.split) == ("kspon/KsponSpeech_000001", None, None)
    assert first.transcript == TextFile(audio.with_suffix(".txt"), "cp949")
    assert isinstance(second, Utterance)
    assert second.audio.path == audio.with_name("KsponSpeech_000002.pcm")


def test_unlisted_evaluation_files_stay_out_of_training(tmp_path: Path) -> None:
    (tmp_path / "KsponSpeech_E00001.txt").touch()
    assert [utterance.split for utterance in KSPON.read(tmp_path) if isinstance(utterance, Utterance)] == [
        "test"
    ]


@pytest.mark.parametrize("folder", ["", "train", "KsponSpeech_01/KsponSpeech_0001", "다른 이름/깊이/있는"])
def test_recordings_are_found_by_name(tmp_path: Path, folder: str, record_tone: Callable[..., Path]) -> None:
    audio = record_tone(tmp_path / folder / "KsponSpeech_000001.pcm")
    _write_list(tmp_path / "scripts/train.trn", "KsponSpeech_01\\x/KsponSpeech_000001.pcm :: 안녕하세요")
    (utterance,) = KSPON.read(tmp_path)
    assert isinstance(utterance, Utterance)
    assert utterance.audio.path == audio
    assert (utterance.transcript, utterance.split) == ("안녕하세요", "train")


def test_a_list_cannot_point_outside_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "secret.pcm").touch()
    _write_list(tmp_path / "corpus/train.trn", "../secret.pcm :: 안녕하세요", "/etc/passwd :: 안녕하세요")
    for utterance in KSPON.read(tmp_path / "corpus"):
        assert isinstance(utterance, Utterance)
        assert utterance.audio.path.is_relative_to(tmp_path / "corpus")
        assert ".." not in utterance.audio.path.parts


def test_broken_lines_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "train.trn").write_bytes(
        "\ufeffa/KsponSpeech_000001.pcm :: 첫째 줄\r\n".encode()
        + "a/KsponSpeech_000002.pcm :: 둘째 줄\n".encode("cp949")
        + b" :: text without a path\n"
        + b"a/KsponSpeech_000004.pcm ::\n"
    )
    first, encoding, nameless, blank = KSPON.read(tmp_path)
    assert isinstance(first, Utterance)
    assert (first.id, first.transcript) == ("kspon/KsponSpeech_000001", "첫째 줄")
    for drop, line in ((encoding, 2), (nameless, 3)):
        assert isinstance(drop, Dropped)
        assert drop.reason is Reason.MALFORMED_LISTING
        assert f"train.trn:{line}:" in drop.detail
    assert isinstance(blank, Utterance)
    assert blank.transcript == ""


def test_another_corpus_is_rejected_with_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "b.json").touch()
    with pytest.raises(
        InputRejected, match=r"is not KsponSpeech: looked for .* found 2 files: 1 \.json, 1 \.wav"
    ):
        KSPON.read(tmp_path)


def test_an_absent_or_empty_corpus_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="nothing at"):
        KSPON.read(tmp_path / "absent")
    _write_list(tmp_path / "train.trn", "")
    with pytest.raises(InputRejected, match="holds no utterances"):
        KSPON.read(tmp_path)


def test_a_list_beside_texts_of_their_own(
    tmp_path: Path, utterances: Callable[..., dict[str, Utterance]]
) -> None:
    found = utterances(KSPON.read(make_kspon_miniature(tmp_path)))
    assert list(found) == [f"kspon/KsponSpeech_{number:06}" for number in range(1, 9)]
    assert all(utterance.audio.path.is_file() for utterance in found.values())
    assert [utterance.split for utterance in found.values()] == ["train"] * 5 + [None] * 3
    listed, unlisted = found["kspon/KsponSpeech_000003"], found["kspon/KsponSpeech_000007"]
    assert listed.transcript == "네, 네."
    assert unlisted.transcript == TextFile(unlisted.audio.path.with_suffix(".txt"), "cp949")


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the real recordings are not beside the repository")
def test_real_sample(utterances: Callable[..., dict[str, Utterance]]) -> None:
    found = utterances(KSPON.read(SAMPLE))
    assert len(found) == 40
    assert all(utterance.audio.path.is_file() for utterance in found.values())
    assert {utterance.split for utterance in found.values()} == {"train"}
    assert found["kspon/KsponSpeech_000001"].transcript == "아 몬 소리야, 그건 또."
