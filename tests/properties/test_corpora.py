"""Laws of the corpus readers: whatever a listing contains, it is listed, dropped or rejected."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniature_corpora import LISTINGS, write_listings

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS, Listed
from pipeline.record import Dropped

MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4
)


def _mutate(content: bytes, mutations: list[tuple[float, int, bytes]]) -> bytes:
    for place, removed, inserted in mutations:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + removed :]
    return content


def _read(name: str, root: Path) -> list[Listed]:
    try:
        return list(READERS[name].read(root))
    except InputRejected:  # the damage made it another corpus, or none
        return []


@pytest.mark.parametrize("name", READERS)
@given(data=st.data(), mutations=MUTATIONS)
def test_a_damaged_listing_never_crashes_a_reader(
    name: str, data: st.DataObject, mutations: list[tuple[float, int, bytes]]
) -> None:
    damaged = data.draw(st.sampled_from([path for path in LISTINGS[name] if LISTINGS[name][path]]))
    with tempfile.TemporaryDirectory() as folder:
        root = write_listings(name, Path(folder) / "a/b")
        (root / damaged).write_bytes(_mutate(LISTINGS[name][damaged], mutations))
        listed = _read(name, Path(folder))
    for item in listed:
        item.id.encode()
        assert item.id.startswith(f"{name}/")
        assert item.id.isprintable()
        if isinstance(item, Dropped):
            assert item.reason in (Reason.MALFORMED_LISTING, Reason.OVERLAPPING_SPEECH)
        else:
            assert "\0" not in str(item.audio.path)
            assert item.speaker is None or item.speaker.startswith(f"{name}/")
