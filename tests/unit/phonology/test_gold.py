"""Accuracy on the shared gold lists, if they lie beside the project; test_golden.py holds ours."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from g2pk_baseline import load_g2pk

from pipeline.phonology import pronounce, to_ipa

SHARED = Path(__file__).parents[4] / "shared"
SCORER = SHARED / "tools" / "score_pronunciation.py"

pytestmark = [
    pytest.mark.skipif(
        not SCORER.exists(),
        reason="the gold lists (../shared) are not here; test_golden.py tests the committed ones",
    ),
    # g2pk and NLTK import what newer versions deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@cache
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_pronunciation", SCORER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score(function: Any) -> dict[str, Any]:
    words = scorer().read_tsv(SHARED / "gold" / "words.tsv")
    sentences = scorer().read_tsv(SHARED / "gold" / "sentences.tsv")
    result: dict[str, Any] = scorer().score(function, words, sentences)
    return result


def test_words_and_sentences_reach_the_gold_standard() -> None:
    result = score(pronounce)
    words, sentences = result["table"]["ALL"], result["table"]["SENT"]
    assert not result["exceptions"]
    assert words["ok"] / words["n"] >= 0.975
    assert words["err"] / words["ref"] < 0.005
    assert sentences["ok"] / sentences["n"] >= 0.95


def test_allophones_are_as_exact_as_phonemes() -> None:
    words = score(to_ipa)["table"]["ALL"]
    assert words["allo_ok"] == words["ok"]


def test_what_g2pk_gets_right_stays_right() -> None:
    ours = {(article, spelling) for article, spelling, *_ in score(pronounce)["errors"]}
    theirs = {(article, spelling) for article, spelling, *_ in score(load_g2pk())["errors"]}
    assert len(theirs) > 50
    assert ours <= theirs
