"""Words by article, sentences and IPA, written for this project: none of them is in the shared gold."""

from pathlib import Path

import pytest
from g2pk_baseline import load_g2pk

from pipeline.phonology import ipa_of, pronounce, to_ipa

GOLDEN = Path(__file__).parents[2] / "golden"


def _rows(name: str) -> list[list[str]]:
    _, *lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


WORDS = _rows("pronunciation_words.tsv")


def _is_right(said: str, accepted: str) -> bool:
    return ipa_of(said) in [ipa_of(form) for form in accepted.split("/")]


def test_there_are_at_least_500_words_of_at_least_30_articles() -> None:
    assert len({row[1] for row in WORDS}) >= 500
    assert len({row[0] for row in WORDS}) >= 30


@pytest.mark.parametrize("row", WORDS, ids=lambda row: row[1])
def test_a_word_is_pronounced_by_its_article(row: list[str]) -> None:
    _, spelling, accepted = row
    assert _is_right(pronounce(spelling), accepted)


@pytest.mark.parametrize("row", _rows("pronunciation_sentences.tsv"), ids=lambda row: row[0])
def test_a_sentence(row: list[str]) -> None:
    spelling, said = row
    assert pronounce(spelling) == said


@pytest.mark.parametrize("row", _rows("pronunciation_ipa.tsv"), ids=lambda row: row[0])
def test_allophones_of_a_text(row: list[str]) -> None:
    spelling, ipa = row
    assert to_ipa(spelling) == ipa.split()


# g2pk and NLTK import what newer versions deprecate.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_words_are_hard_enough_that_g2pk_misses_a_fifth_of_them() -> None:
    g2pk = load_g2pk()
    missed = [spelling for _, spelling, accepted in WORDS if not _is_right(g2pk(spelling), accepted)]
    assert len(WORDS) / 5 < len(missed) < len(WORDS) / 2
