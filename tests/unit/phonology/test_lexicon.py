import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import file_sha256
from pipeline.phonology import PhonologySettings, pronounce, take_lexicon
from pipeline.phonology.korean.hangul import is_syllable
from pipeline.phonology.korean.lexicon import BUNDLED, load_lexicon
from pipeline.phonology.korean.tables import read_table
from pipeline.phonology.user_lexicon import MAX_LEXICON_BYTES, carried_name, read_carried_lexicon


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("spelling\tpronunciation\n# mine\n말소리\t말소리\n알약\t아략\n", encoding="utf-8")
    return path


def named(path: Path) -> PhonologySettings:
    """Settings that name the lexicon at `path` by its hash."""
    sha256 = file_sha256(path)
    return PhonologySettings(lexicon=carried_name(sha256), lexicon_sha256=sha256)


def test_a_users_lexicon_stands_above_the_bundled_one(lexicon: Path) -> None:
    assert pronounce("말소리와 알약이") == "말쏘리와 알랴기"
    assert pronounce("말소리와 알약이", settings=named(lexicon), lexicon=lexicon) == "말소리와 아랴기"


@pytest.mark.parametrize(
    "content",
    ["말\t말\n", "spelling\tpronunciation\n말\t말소리\n", "spelling\tpronunciation\nabc\tabc\n", "",
     "spelling\tpronunciation\n\t\tx\n",
     f"spelling\tpronunciation\n{'a' * 100_000}\n"],
)  # fmt: skip
def test_a_malformed_lexicon_is_one_clear_error(lexicon: Path, content: str) -> None:
    lexicon.write_text(content, encoding="utf-8")
    with pytest.raises(InputRejected, match=str(lexicon)) as taken:
        take_lexicon(lexicon)
    with pytest.raises(InputRejected, match=str(lexicon)):
        pronounce("말", settings=named(lexicon), lexicon=lexicon)
    assert len(str(taken.value)) < 1_000


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "huge", "missing", "long"])
def test_what_is_no_lexicon_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = {"device": Path("/dev/zero"), "long": tmp_path / ("x" * 300)}.get(kind, tmp_path / "lexicon")
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "huge": lambda: path.write_bytes(b" " * (MAX_LEXICON_BYTES + 1)),
    }
    make.get(kind, lambda: None)()
    with pytest.raises(InputRejected, match="cannot read the lexicon"):
        take_lexicon(path)
    with pytest.raises(HandOffBroken, match="cannot be read"):
        read_carried_lexicon(path, sha256="0" * 64)


CELLS = st.text("말소리가각꽃a \t#", max_size=5) | st.text(max_size=5)
TABLES = st.lists(st.lists(CELLS, max_size=4).map("\t".join), max_size=6).map("\n".join)


@given(
    st.binary(max_size=60)
    | TABLES.map("spelling\tpronunciation\n{}".format).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_a_lexicon_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mine.tsv")
        path.write_bytes(content)
        with suppress(InputRejected):
            lexicon = take_lexicon(path)
            assert pronounce("말소리", settings=named(path), lexicon=path)
            assert lexicon.content == content


def test_a_lexicon_with_another_hash_is_refused_before_it_is_parsed(lexicon: Path) -> None:
    settings = named(lexicon)
    lexicon.write_text("no table at all", encoding="utf-8")
    with pytest.raises(HandOffBroken, match="has the SHA-256"):
        pronounce("말", settings=settings, lexicon=lexicon)


def test_settings_that_name_a_lexicon_need_its_file(lexicon: Path) -> None:
    with pytest.raises(InputRejected, match=r"name the lexicon lexicon-.*give its file"):
        pronounce("말", settings=named(lexicon))


def test_the_copy_is_written_once_and_mended_if_it_is_another(lexicon: Path, tmp_path: Path) -> None:
    taken = take_lexicon(lexicon)
    taken.keep_in(tmp_path / "out")
    (copy,) = (tmp_path / "out").iterdir()
    assert copy.read_bytes() == lexicon.read_bytes()
    written = copy.stat().st_mtime_ns
    taken.keep_in(tmp_path / "out")
    assert copy.stat().st_mtime_ns == written
    copy.write_bytes(b"spoilt")
    taken.keep_in(tmp_path / "out")
    assert copy.read_bytes() == lexicon.read_bytes()
    other = tmp_path / "other.tsv"
    other.write_bytes(b"mine")
    copy.unlink()
    copy.symlink_to(other)
    taken.keep_in(tmp_path / "out")
    assert (copy.read_bytes(), other.read_bytes()) == (lexicon.read_bytes(), b"mine")


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
    assert len(load_lexicon(None, "")) == sum(len(read_table(name)) for name in BUNDLED)
