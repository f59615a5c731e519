"""A second listing beside a good one: its rows are listed or dropped, or the folder is refused by name."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniature_corpora import LISTINGS, write_listings

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS, Listed
from pipeline.record import Dropped

SECOND = {
    "kspon": ("scripts/other.trn", "scripts/dev.trn"),
    "aihub130": ("2/zz_metadata.txt", "1.Training/labels/broadcast_01_metadata.txt"),
    "dialect": ("Training/DKSR2.json", "Training/라벨링데이터/DKSR1.json"),
    "zeroth": ("train_data_01/003/104/zz.trans.txt", "train_data_01/003/104/104_003.trans.txt"),
    "librispeech": ("dev-clean/84/1/zz.trans.txt", "dev-clean/84/121123/84-121123.trans.txt"),
    "commonvoice": ("ko/dev.tsv", "ko/test.tsv"),
    "fleurs": ("dev.tsv", "train.tsv"),
    "clovacall": ("zz.json", "train_ClovaCall.json"),
    "nemo": ("zz.jsonl", "train_manifest.json"),
    "table": ("deep/zz.csv", "meta.csv"),
}
"""Of each corpus, where a second listing lies and what it repeats."""

ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp949")
DAMAGES: dict[str, Callable[[bytes], bytes]] = (
    {
        encoding: lambda content, encoding=encoding: content.decode().encode(encoding)  # type: ignore[misc]
        for encoding in ENCODINGS
    }
    | {
        "other names": lambda content: content.replace(b"ath", b"lace").replace(b"wav", b"mow"),
        "cut": lambda content: content[: len(content) * 2 // 3],
        "without its first line": lambda content: content.partition(b"\n")[2],
        "a broken first line": lambda content: b"\xff\xfe\xfd{\n" + content,
        "empty": lambda _: b"",
        "blank": lambda _: b"\n\n",
        "zeros": lambda _: bytes(100),
        "a picture": lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    }
)


def _read(name: str, root: Path) -> tuple[list[Listed], str]:
    try:
        return list(READERS[name].read(root)), ""
    except InputRejected as refused:
        return [], str(refused)


def _added(name: str, content: bytes) -> tuple[int, bool]:
    """How many items a second listing adds, and whether a message names it."""
    with tempfile.TemporaryDirectory() as folder:
        root = write_listings(name, Path(folder))
        second = root / SECOND[name][0]
        second.unlink(missing_ok=True)
        before, refused = _read(name, root)
        assert not refused
        second.parent.mkdir(parents=True, exist_ok=True)
        second.write_bytes(content)
        after, refused = _read(name, root)
    dropped = [item.detail for item in after if isinstance(item, Dropped)]
    return len(after) - len(before), str(second) in refused or any(second.name in text for text in dropped)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", SECOND)
def test_a_damaged_listing_beside_a_good_one_is_never_passed_over(name: str, damage: str) -> None:
    content = DAMAGES[damage](LISTINGS[name][SECOND[name][1]])
    added, is_named = _added(name, content)
    if damage in ENCODINGS and not is_named:
        assert added == _added(name, LISTINGS[name][SECOND[name][1]])[0]
    elif (name, damage) != ("clovacall", "other names"):  # that is JSON about something else
        assert added > 0 or is_named or not content.strip()


@pytest.mark.parametrize("name", SECOND)
@given(place=st.floats(0, 1), removed=st.integers(0, 3), inserted=st.binary(max_size=3))
def test_no_change_of_a_few_bytes_makes_a_listing_silent(
    name: str, place: float, removed: int, inserted: bytes
) -> None:
    content = LISTINGS[name][SECOND[name][1]]
    at = int(place * len(content))
    added, is_named = _added(name, content[:at] + inserted + content[at + removed :])
    assert added > 0 or is_named
