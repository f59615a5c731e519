"""Words by article and sentences, written for this project: none of them is in the shared gold."""

from pathlib import Path

import pytest

from pipeline.phonology import ipa_of, pronounce

GOLDEN = Path(__file__).parents[2] / "golden"


def _rows(name: str) -> list[list[str]]:
    _, *lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def test_there_are_at_least_150_words_of_at_least_30_classes() -> None:
    rows = _rows("pronunciation_words.tsv")
    assert len({row[1] for row in rows}) >= 150
    assert len({row[0] for row in rows}) >= 30


@pytest.mark.parametrize("row", _rows("pronunciation_words.tsv"), ids=lambda row: row[1])
def test_a_word_is_pronounced_by_its_article(row: list[str]) -> None:
    _, spelling, said = row
    assert ipa_of(pronounce(spelling)) in [ipa_of(form) for form in said.split("/")]


@pytest.mark.parametrize("row", _rows("pronunciation_sentences.tsv"), ids=lambda row: row[0])
def test_a_sentence(row: list[str]) -> None:
    spelling, said = row
    assert pronounce(spelling) == said
