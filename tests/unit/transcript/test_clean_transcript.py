"""Golden files: annotated sentences, and what is left of them on either side."""

from pathlib import Path

import pytest

from pipeline.contract.reasons import Reason
from pipeline.record import Annotation, Rejection, Transcript, two_forms
from pipeline.transcript import TranscriptSettings, clean_transcript
from pipeline.transcript.dialect import clean_dialect
from pipeline.transcript.dual import MAX_NESTING
from pipeline.transcript.kspon import clean_kspon, has_unknown_kspon_word
from pipeline.transcript.tidying import tidy

GOLDEN = Path(__file__).parents[2] / "golden"


def _rows(name: str) -> list[list[str]]:
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()[1:]
    return [line.split("\t") for line in lines]


@pytest.mark.parametrize(("raw", "spelling", "spoken"), _rows("transcript_kspon.tsv"))
def test_kspon(raw: str, spelling: str, spoken: str) -> None:
    cleaned = clean_transcript(raw, annotation=Annotation.KSPON, settings=TranscriptSettings())
    assert cleaned == Transcript(spelling, spoken)


@pytest.mark.parametrize(("raw", "text"), _rows("transcript_plain.tsv"))
def test_plain(raw: str, text: str) -> None:
    cleaned = clean_transcript(raw, annotation=Annotation.PLAIN, settings=TranscriptSettings())
    assert cleaned == Transcript(text, text)


@pytest.mark.parametrize(("standard", "spoken_form", "spelling", "spoken"), _rows("transcript_dialect.tsv"))
def test_dialect(standard: str, spoken_form: str, spelling: str, spoken: str) -> None:
    raw = two_forms(spelling=standard, spoken=spoken_form)
    cleaned = clean_transcript(raw, annotation=Annotation.AIHUB_DIALECT, settings=TranscriptSettings())
    assert cleaned == Transcript(spelling, spoken)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("#이름#이는 밥 먹었나", Reason.ANONYMISED),
        ("&name&이는 밥 먹었나", Reason.ANONYMISED),
        ("@상호명1 에서 밥 먹었나", Reason.ANONYMISED),
        ("(()) 거기서 밥 먹었나", Reason.UNINTELLIGIBLE),
        ("((거서)) 밥을 먹었나", Reason.UNINTELLIGIBLE),
        ("거서 xx 밥을 먹었나", Reason.UNINTELLIGIBLE),
        ("거서X 밥을 먹었나", Reason.UNINTELLIGIBLE),
        ("{laughing} 그래", Reason.TRANSCRIPT_TOO_SHORT),
        ("&name&이는", Reason.TRANSCRIPT_TOO_SHORT),
    ],
)
def test_dialect_refused(form: str, reason: Reason) -> None:
    raw = two_forms(spelling="표준어로는 아무 표시가 없다", spoken=form)
    refused = clean_transcript(raw, annotation=Annotation.AIHUB_DIALECT, settings=TranscriptSettings())
    assert isinstance(refused, Rejection)
    assert refused.reason is reason


def test_guesses_can_be_kept() -> None:
    assert clean_dialect("((거서)) (()) xx 밥을 먹었나", "spoken") == "거서 밥을 먹었나"


@pytest.mark.parametrize("raw", ["u/ 뭐라고 했어", "뭐 n/u/ 했어", "그 * 했어", "u/"])
def test_unknown_words_are_found(raw: str) -> None:
    assert has_unknown_kspon_word(raw)


@pytest.mark.parametrize("raw", ["you/ 라고 했어", "u 라고 했어", "그*랬어 했어*", "b/ 했어", "u/x 라고"])
def test_known_words_are_not_taken_for_unknown(raw: str) -> None:
    assert not has_unknown_kspon_word(raw)


def test_marks_of_kspon_mean_nothing_in_plain_text() -> None:
    assert tidy("b/ 3/4") == "b/ 3/4"


def test_deep_nesting_ends() -> None:
    depth = MAX_NESTING
    assert clean_kspon("(" * depth + "가" + ")/(나)" * depth, "spoken") == "나"
    assert clean_kspon("(" * depth + "가" + ")/(나)" * depth, "spelling") == "가"
    hostile = "(" * 50_000 + "/" * 50_000 + ")" * 50_000 + "a" * 50_000 + ")/" * 50_000
    assert not set(clean_kspon(hostile, "spoken")) & set("()/")
