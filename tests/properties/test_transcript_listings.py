"""Laws of the corpus readers: whatever a listing holds, it is listed, dropped or rejected."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.errors import InputRejected
from pipeline.contract.reasons import Reason
from pipeline.corpora import READERS, Listed
from pipeline.record import Dropped

VALID = {
    "kspon": ("train.trn", "KsponSpeech_01/KsponSpeech_000001.pcm :: 안녕하세요\n"),
    "aihub130": ("a_metadata.txt", "/a/1.wav | 방송 | 20대 | 여 | 서울 | 3 | 1\n"),
    "dialect": (
        "D1.json",
        json.dumps({"utterance": [{"id": "1", "dialect_form": "카노", "start": 0, "end": 1.5}]}),
    ),
    "zeroth": ("104_003.trans.txt", "104_003_0001 안녕하세요\n"),
    "tedxkr": ("x.trans.txt", "x-0001 안녕하세요\n"),
    "librispeech": ("84-121123.trans.txt", "84-121123-0000 GO\n"),
    "kss": ("transcript.v.1.4.txt", "1/1_0000.wav|안녕|안녕|안녕|1.0|hi\n"),
    "commonvoice": ("train.tsv", "client_id\tpath\tsentence\nc0\ta.mp3\t안녕하세요\n"),
    "fleurs": ("train.tsv", "1\t11.wav\t안녕\t안녕\t안 녕\t16000\tMALE\n"),
    "clovacall": ("train.json", json.dumps([{"wav": "a.wav", "text": "안녕", "speaker_id": "1"}])),
    "nemo": ("train.json", '{"audio_filepath": "a.wav", "text": "안녕", "offset": 1, "duration": 2}\n'),
    "table": ("meta.csv", 'path,text,speaker,offset\na.wav,"안녕",kim,1.5\n'),
}
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
@given(mutations=MUTATIONS)
def test_a_damaged_listing_never_crashes_a_reader(
    name: str, mutations: list[tuple[float, int, bytes]]
) -> None:
    file, text = VALID[name]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "a/b"
        root.mkdir(parents=True)
        (root / file).write_bytes(_mutate((text * 2).encode(), mutations))
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
