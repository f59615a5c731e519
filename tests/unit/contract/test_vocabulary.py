import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.vocabulary import BLANK_ID, KOREAN, Vocabulary, min_ctc_frames


def test_korean_has_exactly_41_symbols_with_ids_from_one():
    assert len(KOREAN.symbols) == 41
    assert KOREAN.num_classes == 42
    assert [KOREAN.ids[symbol] for symbol in KOREAN.symbols] == list(range(1, 42))
    assert BLANK_ID not in KOREAN.ids.values()


def test_tense_is_an_ascii_asterisk_and_g_is_the_ipa_letter():
    assert "k*" in KOREAN.symbols
    assert "\u0261" in KOREAN.symbols
    assert "g" not in KOREAN.symbols
    assert all(unicodedata.is_normalized("NFC", symbol) for symbol in KOREAN.symbols)


@given(st.lists(st.sampled_from(KOREAN.symbols)))
def test_decoding_undoes_encoding(symbols):
    assert KOREAN.decode(KOREAN.encode(symbols)) == symbols


@pytest.mark.parametrize("label", [0, 42, -1])
def test_a_label_outside_the_vocabulary_is_an_error(label):
    with pytest.raises(IndexError, match=r"outside 1\.\.41"):
        KOREAN.decode([label])


def test_the_hash_follows_the_order_of_the_symbols():
    swapped = (KOREAN.symbols[1], KOREAN.symbols[0], *KOREAN.symbols[2:])
    assert Vocabulary("ko-ipa-41", "ko", swapped).sha256 != KOREAN.sha256


def test_a_repeated_symbol_is_refused():
    with pytest.raises(ValueError, match="lists a symbol twice"):
        Vocabulary("broken", "ko", ("a", "a"))


@pytest.mark.parametrize(
    ("labels", "frames"), [([], 0), ([5], 1), ([5, 6], 2), ([5, 5], 3), ([5, 5, 5], 5), ([5, 6, 6, 5], 5)]
)
def test_ctc_needs_a_frame_a_label_and_one_between_repeats(labels, frames):
    assert min_ctc_frames(labels) == frames
