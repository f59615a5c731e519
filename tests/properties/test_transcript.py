"""Laws of the transcript stage."""

from collections import Counter
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from pipeline.record import Annotation, Rejection
from pipeline.transcript import TranscriptSettings, clean_transcript, count_characters
from pipeline.transcript.dialect import clean_dialect
from pipeline.transcript.kspon import clean_kspon
from pipeline.transcript.tidying import normalise_characters, tidy

MARKS = "{laughing}|((|))|&|~|-|x|@|b/|n/|u/|o/|l/|(|)|)/(|) / (|/|+|*|#| |.|,|?|'|“|…|\x1f".split("|")
WORDS = ["70%", "칠십 퍼센트", "그래", "뭐", "Seoul", "I'm", "\u1112\u1161\u11ab", "\u1100", "Å", "９"]
PIECES = st.sampled_from([*MARKS, *WORDS])
ANNOTATED = st.lists(PIECES, max_size=30).map("".join)
TEXTS = ANNOTATED | st.text(max_size=60)
SIDES = st.sampled_from(["spelling", "spoken"])


def _characters(text: str) -> Counter[str]:
    return Counter(character for character in normalize("NFD", text) if not character.isspace())


@given(TEXTS, SIDES)
def test_cleaning_is_idempotent(text: str, side: str) -> None:
    once = clean_kspon(text, side)
    assert clean_kspon(once, side) == once
    once = clean_dialect(text, side)
    assert clean_dialect(once, side) == once
    assert tidy(tidy(text)) == tidy(text)


@given(TEXTS, SIDES)
def test_no_mark_survives(text: str, side: str) -> None:
    assert not set(clean_kspon(text, side)) & set("/+*#()")
    assert not set(clean_dialect(text, side)) & set("/+*#()&@~{}")


@given(TEXTS, SIDES)
def test_no_character_is_invented(text: str, side: str) -> None:
    known = _characters(normalise_characters(text))
    assert _characters(clean_kspon(text, side)) <= known
    assert _characters(clean_dialect(text, side)) <= known
    assert _characters(tidy(text)) <= known


@given(TEXTS)
def test_white_space_is_single_blanks_within(text: str) -> None:
    cleaned = tidy(text)
    assert cleaned == " ".join(cleaned.split())
    assert cleaned == normalize("NFC", cleaned)
    cleaned.encode()


@given(
    st.lists(
        st.tuples(
            st.from_regex("[가-힣0-9 ]{1,6}", fullmatch=True), st.from_regex("[가-힣 ]{1,6}", fullmatch=True)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_each_side_of_a_dual_form_is_chosen(forms: list[tuple[str, str]]) -> None:
    raw = " ".join(f"({spelling})/({spoken})" for spelling, spoken in forms)
    assert clean_kspon(raw, "spelling") == tidy(" ".join(spelling for spelling, _ in forms))
    assert clean_kspon(raw, "spoken") == tidy(" ".join(spoken for _, spoken in forms))


@given(TEXTS, st.sampled_from(Annotation), st.integers(1, 10))
def test_what_is_accepted_is_long_enough_and_korean(text: str, annotation: Annotation, fewest: int) -> None:
    judged = clean_transcript(text, annotation=annotation, settings=TranscriptSettings(min_characters=fewest))
    if isinstance(judged, Rejection):
        assert judged.detail
    else:
        assert count_characters(judged.spoken) >= fewest
        assert any("가" <= character <= "힣" for character in judged.spoken)
