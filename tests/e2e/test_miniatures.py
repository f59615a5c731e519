"""Every recording is kept, or dropped for a reason: in miniatures, and in real corpora at hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from miniature_corpora import encode_name, make_kspon_miniature, make_tedxkr_miniature
from small_corpus import manifest_content, preprocess_arguments, rows_by_id

SHARED = Path(__file__).parents[3] / "shared" / "corpora"


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


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real corpora are not here; their miniatures are tested")
@pytest.mark.parametrize(
    ("folder", "corpus", "read", "dropped", "held_out"),
    [
        ("kspon-sample", "kspon", 40, {"transcript_too_short": 5}, []),
        (
            "tedxkr-mini", "librispeech", 266, {"missing_transcript": 2, "transcript_too_short": 12},
            ["6rOg6rG07ZiB"],
        ),
    ],
)  # fmt: skip
def test_real_corpora(
    malsori: Callable[..., Result],
    tmp_path: Path,
    folder: str,
    corpus: str,
    read: int,
    dropped: dict[str, int],
    held_out: list[str],
) -> None:
    arguments = preprocess_arguments(SHARED / folder, tmp_path, corpus_name=corpus)
    result = malsori(*arguments, "--set", f"split.test_speakers={json.dumps(held_out)}")
    assert result.exit_code == 0, result.output
    counts = manifest_content(tmp_path / "small.json")["counts"]
    assert counts == {"read": read, "kept": read - sum(dropped.values()), "dropped": dropped}
    rows = rows_by_id(tmp_path / "small.json").values()
    tested = {row["speaker"] for row in rows if row["split"] == "test"}
    assert tested == {f"{corpus}/{speaker}" for speaker in held_out}
    assert malsori("verify", tmp_path / "small.json", "--deep").exit_code == 0
