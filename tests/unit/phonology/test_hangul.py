import pytest

from pipeline.phonology.korean.hangul import (
    FIRST,
    LAST,
    Syllable,
    compose,
    decompose,
    is_syllable,
    romanize,
)


def test_every_syllable_survives_decomposition() -> None:
    for code in range(FIRST, LAST + 1):
        assert compose(*decompose(chr(code))) == chr(code)


def test_decomposition_names_the_parts() -> None:
    assert decompose("닭") == Syllable("ㄷ", "ㅏ", "ㄺ")
    assert decompose("아") == Syllable("ㅇ", "ㅏ", "")


@pytest.mark.parametrize("character", ["ㄱ", "a", " ", "\u1100", "\ud800", "漢"])
def test_what_is_not_a_precomposed_syllable(character: str) -> None:
    assert not is_syllable(character)


def test_a_romanisation_keeps_words_and_punctuation() -> None:
    assert romanize("할 일이, 많다.") == "hal il-i, manhda."
