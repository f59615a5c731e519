"""Laws of the phonology, for any text."""

import unicodedata

from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology import PhonologySettings, ipa_of, label_batch, pronounce, to_ipa
from pipeline.phonology.korean.hangul import FIRST, LAST, decompose
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.reading import read_aloud, unread
from pipeline.record import Labelled, Rejection

SETTINGS = PhonologySettings()

hangul = st.text(st.characters(min_codepoint=FIRST, max_codepoint=LAST) | st.just(" "), max_size=40)
korean = st.text(
    st.sampled_from(
        "가나다라마바사아자차카타파하의를이은는도할일없많값밟닭꽃잎옷한여덟 .,?!123456789%~:-/ABCabc한자"
    ),
    max_size=40,
)
anything = st.text(st.characters(codec=None), max_size=40)


@given(anything)
def test_no_text_crashes_and_every_symbol_is_in_the_vocabulary(text: str) -> None:
    [result] = label_batch([text], settings=SETTINGS)
    if isinstance(result, Rejection):
        assert unread(read_aloud(text))
    else:
        assert set(result.ipa) <= set(KOREAN.symbols)


@given(hangul | korean)
def test_what_is_hangul_digits_or_latin_is_always_read(text: str) -> None:
    assert isinstance(label_batch([text], settings=SETTINGS)[0], Labelled)


@given(hangul)
def test_composed_and_decomposed_spelling_are_one_text(text: str) -> None:
    assert pronounce(unicodedata.normalize("NFD", text)) == pronounce(text)


@given(hangul)
def test_every_syllable_keeps_its_vowel_phone_and_no_word_is_lost(text: str) -> None:
    said = pronounce(text)
    assert len(said.split()) == len(text.split())
    assert len(said.replace(" ", "")) == len(text.replace(" ", ""))


@given(hangul)
def test_codas_as_pronounced_are_the_seven(text: str) -> None:
    for character in pronounce(text).replace(" ", ""):
        coda = decompose(character).coda
        assert NEUTRALISED[coda] == coda


@given(st.lists(korean, max_size=5))
def test_neighbours_change_nothing(texts: list[str]) -> None:
    assert label_batch(texts, settings=SETTINGS) == [
        label_batch([text], settings=SETTINGS)[0] for text in texts
    ]


@given(korean)
def test_reading_aloud_twice_is_reading_aloud_once(text: str) -> None:
    once = read_aloud(text)
    assert read_aloud(once) == once


@given(hangul)
def test_without_connected_speech_no_sound_crosses_a_space(text: str) -> None:
    assume("짓밟" not in text)  # [짇빱]: the one entry of the lexicon that changes its own last coda
    apart = PhonologySettings(connected=False)
    said = pronounce(text, settings=apart)
    for spelled, word in zip(text.split(), said.split(), strict=True):
        assert decompose(word[0]).onset == decompose(spelled[0]).onset
        assert decompose(word[-1]).coda == NEUTRALISED[decompose(spelled[-1]).coda]
    by_word = [phone for word in said.split() for phone in ipa_of(word, settings=apart)]
    assert to_ipa(text, settings=apart) == by_word
