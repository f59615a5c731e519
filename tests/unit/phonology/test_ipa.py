import pytest

from pipeline.contract.vocabulary import KOREAN
from pipeline.phonology.korean.hangul import FIRST, LAST
from pipeline.phonology.korean.ipa import NEUTRALISED, hangul_to_ipa


def test_every_syllable_has_phones_of_the_vocabulary() -> None:
    for code in range(FIRST, LAST + 1):
        phones = hangul_to_ipa(chr(code))
        assert phones
        assert set(phones) <= set(KOREAN.symbols)


def test_codas_are_the_seven_of_article_8() -> None:
    assert set(NEUTRALISED.values()) == {"", *"ㄱㄴㄷㄹㅁㅂㅇ"}
    assert NEUTRALISED["ㅄ"] == "ㅂ"
    assert NEUTRALISED["ㄿ"] == "ㅂ"
    assert NEUTRALISED["ㅎ"] == "ㄷ"


@pytest.mark.parametrize(
    ("pronunciation", "phones"),
    [
        ("가구", "k ɑ ɡ u"),
        ("감기", "k ɑ m ɡ i"),
        ("국빱", "k u k p* ɑ p"),
        ("할 릴", "h ɑ l l i l"),
        ("나라", "n ɑ ɾ ɑ"),
        ("라면", "l ɑ m jʌ n"),
        ("꼳 위", "k* o d wi"),
        ("아 가", "ɑ ɡ ɑ"),
        ("아, 가", "ɑ k ɑ"),
        ("결혼", "k jʌ l h o n"),
    ],
)
def test_allophones(pronunciation: str, phones: str) -> None:
    assert hangul_to_ipa(pronunciation) == phones.split()


def test_allophones_stay_inside_words_when_asked() -> None:
    assert hangul_to_ipa("아 가 라", connected=False, initial_liquid="ɾ") == "ɑ k ɑ ɾ ɑ".split()


def test_nothing_gives_nothing() -> None:
    assert hangul_to_ipa("") == []
    assert hangul_to_ipa(" ,. ") == []
