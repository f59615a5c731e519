"""Words and their labels; phones written as syllables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.vocabulary import KOREAN
from train.decoding.hangul import CODAS, ONSETS, VOWELS, compose_syllables
from train.decoding.lexicon import HOMOPHONES, SpokenWord, divide, join_pieces, read_lexicon


def labels(ipa):
    return KOREAN.encode(ipa.split())


def test_all_symbols_have_a_letter():
    assert set(ONSETS) | set(VOWELS) | set(CODAS) == set(KOREAN.symbols)


@pytest.mark.parametrize(
    ("ipa", "hangul"),
    [
        ("m u ɾ ʌ b wa s* ʌ jo", "무러봐써요"),
        ("h ɛ ŋ b o kʰ ɛ s* ʌ jo", "헹보케써요"),
        ("i k k* i", "익끼"),
        ("m o l l ɑ s ʌ", "몰라서"),
        ("ŋ", "응"),
        ("s k t", "슥드"),
        ("b", "브"),
        ("ɑ n h n", "안흔"),
        ("", ""),
    ],
)
def test_syllables(ipa, hangul):
    assert compose_syllables(ipa.split()) == hangul


@given(st.lists(st.sampled_from(KOREAN.symbols), max_size=30))
def test_no_sequence_is_refused_and_every_vowel_is_a_syllable(symbols):
    syllables = compose_syllables(symbols)
    assert all("가" <= syllable <= "힣" for syllable in syllables)
    assert len(syllables) >= sum(symbol in VOWELS for symbol in symbols)


def test_a_row_is_divided_where_its_pronunciation_says():
    found = divide(
        "막 예전에는 요리를, 했어!",
        "마 계저네느 뇨리를, 해써!",
        labels("m ɑ ɡ jɛ dʑ ʌ n ɛ n ɯ n jo ɾ i ɾ ɯ l h ɛ s* ʌ"),
    )
    assert found is not None
    assert [(word.spelling, KOREAN.decode(word.labels)) for word in found] == [
        ("막", ["m", "ɑ"]),
        ("예전에는", ["ɡ", "jɛ", "dʑ", "ʌ", "n", "ɛ", "n", "ɯ"]),
        ("요리를", ["n", "jo", "ɾ", "i", "ɾ", "ɯ", "l"]),
        ("했어", ["h", "ɛ", "s*", "ʌ"]),
    ]


@pytest.mark.parametrize(
    ("spoken", "pronunciation", "ipa"),
    [
        ("열두 시", "열뚜시", "jʌ l t* u s i"),  # another count of words
        ("오 이십 분", "오이 십 뿐", "o i s i p p* u n"),  # as many words, cut elsewhere
        ("가나", "가나", "k ɑ n ɑ n"),  # a label too many
        ("가나", "ga나", "k ɑ n ɑ"),  # not a pronunciation
        ("", "", ""),
        ("...", "...", ""),
    ],
)
def test_what_does_not_match_up_gives_no_words(spoken, pronunciation, ipa):
    assert divide(spoken, pronunciation, labels(ipa)) is None


def test_a_number_pairs_with_how_it_is_read():
    found = divide("12년 뒤", "십이년 뒤", labels("s i p i n jʌ n d wi"))
    assert found == [
        SpokenWord("12년", tuple(labels("s i p i n jʌ n")), ()),
        SpokenWord("뒤", tuple(labels("d wi")), (("뒤", tuple(labels("d wi"))),)),
    ]


class Transcripts:
    """Stands in for `Utterances`: rows of text and labels."""

    def __init__(self, rows):
        self.rows = rows

    def value(self, row, column):
        return self.rows[row][column == "pronunciation"]

    def labels(self, row):
        import numpy as np

        return np.array(labels(self.rows[row][2]), np.uint8)


def test_rare_words_are_spelled_in_syllables():
    rows = [("나무", "나무", "n ɑ m u")] * 2 + [("너무 2번", "너무 두번", "n ʌ m u d u b ʌ n")]
    lexicon = read_lexicon(Transcripts(rows), range(3), most_words=100)
    assert lexicon.sentences == [("나무",), ("나무",), ("너", "+무", "2번")]
    assert set(lexicon.pronunciations) == {"나무", "나", "너", "+무", "2번"}
    assert lexicon.pronunciations["+무"] == [tuple(labels("m u"))]
    assert join_pieces(lexicon.sentences[2]) == ("너무", "2번")
    assert join_pieces(("+무", "나무")) == ("무", "나무")
    assert join_pieces(()) == ()


def test_homophones_are_kept_by_frequency():
    words = [f"{number}가" for number in range(HOMOPHONES + 3)]
    rows = [(word, "가", "k ɑ") for number, word in enumerate(words) for _ in range(number + 2)]
    rows += [("나 가", "나", "n ɑ")]
    lexicon = read_lexicon(Transcripts(rows), range(len(rows)), most_words=100)
    heard = {word for word, spellings in lexicon.pronunciations.items() if spellings}
    assert heard == set(words[3:])
    assert set(lexicon.pronunciations) == set(words)
    assert lexicon.undivided == 1
