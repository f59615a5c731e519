"""The layouts of the corpora at hand, in miniature: every recording is kept or dropped for its reason."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from miniature_corpora import encode_name, make_kspon_miniature, make_tedxkr_miniature
from small_corpus import manifest_content, preprocess_arguments, rows_by_id


def test_kspon_with_texts_of_their_own(malsori: Callable[..., Result], tmp_path: Path) -> None:
    corpus = make_kspon_miniature(tmp_path / "raw")
    result = malsori(*preprocess_arguments(corpus, tmp_path))
    assert result.exit_code == 0, result.output
    counts = manifest_content(tmp_path / "small.json")["counts"]
    assert counts == {"read": 8, "kept": 6, "dropped": {"transcript_too_short": 2}}
    rows = rows_by_id(tmp_path / "small.json")
    assert {rows[f"kspon/KsponSpeech_{number:06}"]["source"]["length"] for number in (1, 2)} == {32_000}
    assert rows["kspon/KsponSpeech_000006"]["text"] == "커피를 한 잔 마시고 싶어요"
    assert malsori("verify", tmp_path / "small.json", "--deep").exit_code == 0


def test_tedxkr_with_a_speaker_held_out(malsori: Callable[..., Result], tmp_path: Path) -> None:
    corpus = make_tedxkr_miniature(tmp_path / "raw")
    held_out = encode_name("한마음")
    result = malsori(
        "preprocess", corpus, "--corpus", "auto", "--out", tmp_path / "shards",
        "--manifest", tmp_path / "small.json", "--set", f'split.test_speakers=["{held_out}"]',
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    counts = manifest_content(tmp_path / "small.json")["counts"]
    assert counts == {
        "read": 15, "kept": 9, "dropped": {"missing_transcript": 3, "transcript_too_short": 3}
    }  # fmt: skip
    rows = rows_by_id(tmp_path / "small.json").values()
    tested = {row["speaker"] for row in rows if row["split"] == "test"}
    assert tested == {f"tedxkr/{held_out}"}
    assert not any(row["speaker"] in tested for row in rows if row["split"] != "test")
