from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.phonology import PhonologySettings, pronounce
from pipeline.phonology.korean.hangul import is_syllable
from pipeline.phonology.korean.lexicon import BUNDLED, load_lexicon
from pipeline.phonology.korean.tables import read_table


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("spelling\tpronunciation\n# mine\n말소리\t말소리\n알약\t아략\n", encoding="utf-8")
    return path


def test_a_users_lexicon_stands_above_the_bundled_one(lexicon: Path) -> None:
    assert pronounce("말소리와 알약이") == "말쏘리와 알랴기"
    assert pronounce("말소리와 알약이", settings=PhonologySettings(lexicon=str(lexicon))) == "말소리와 아랴기"


@pytest.mark.parametrize(
    "content",
    ["말\t말\n", "spelling\tpronunciation\n말\t말소리\n", "spelling\tpronunciation\nabc\tabc\n", ""],
)
def test_a_malformed_lexicon_is_one_clear_error(lexicon: Path, content: str) -> None:
    lexicon.write_text(content, encoding="utf-8")
    with pytest.raises(InputRejected, match=str(lexicon)):
        pronounce("말", settings=PhonologySettings(lexicon=str(lexicon)))


def test_a_coda_keeps_its_spelling_before_a_vowel() -> None:
    assert pronounce("꽃잎이") == "꼰니피"
    assert pronounce("맛없어") == "마덥써"


def test_an_entry_never_reaches_into_a_particle() -> None:
    assert pronounce("대가") == "대까"  # 代價
    assert pronounce("팔십년대가") == "팔씸년대가"


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_tables_are_in_order(name: str) -> None:
    rows = read_table(name)
    spellings = [row[0] for row in rows]
    assert len(set(spellings)) == len(spellings)
    for spelling, said, article in rows:
        assert len(spelling) == len(said) >= 1
        assert all(map(is_syllable, spelling + said))
        assert article


def test_an_entry_is_in_one_table_only() -> None:
    assert len(load_lexicon("")) == sum(len(read_table(name)) for name in BUNDLED)
