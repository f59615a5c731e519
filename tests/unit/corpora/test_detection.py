"""`--corpus auto`, over one miniature of every layout."""

import json
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS, detect_corpus

SHARED = Path(__file__).parents[3].parent / "shared/corpora"

CV_HEADER = "client_id\tpath\tsentence\tup_votes"
FLEURS_LINE = "1\t11.wav\t안녕\t안녕\t안 녕\t16000\tMALE"
LAYOUTS = {
    "kspon": {"scripts/train.trn": "KsponSpeech_01/KsponSpeech_000001.pcm :: 안녕"},
    "aihub130": {"a_01/a_01_metadata.txt": "/a/1.wav | x | y", "a_01/1.txt": "안녕"},
    "dialect": {"라벨링데이터/D1.json": '{"id": "D1", "utterance": [{"id": "1", "dialect_form": "카노"}]}'},
    "zeroth": {"train_data_01/003/104/104_003.trans.txt": "104_003_0001 안녕", "AUDIO_INFO": ""},
    "tedxkr": {"data/6rmA6rK966y1/gwg56V-GE_Q/6rmA6rK966y1-gwg56V-GE_Q.trans.txt": "k 안녕"},
    "librispeech": {"dev-clean/84/121123/84-121123.trans.txt": "84-121123-0000 GO"},
    "kss": {"kss/transcript.v.1.4.txt": "1/1_0000.wav|안녕|안녕|안녕|1.0|hi"},
    "commonvoice": {"ko/train.tsv": f"{CV_HEADER}\nc0\ta.mp3\t안녕\t2\n"},
    "fleurs": {"ko_kr/train.tsv": FLEURS_LINE, "ko_kr/audio/train/11.wav": ""},
    "clovacall": {"train_ClovaCall.json": json.dumps([{"wav": "a.wav", "text": "안녕", "speaker_id": "1"}])},
    "nemo": {"train.json": '{"audio_filepath": "a.wav", "text": "안녕"}\n{"audio_filepath": "b.wav"}'},
    "table": {"meta.csv": "path,text\na.wav,안녕\n"},
}


def _write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def test_every_reader_has_a_layout_here() -> None:
    assert LAYOUTS.keys() == READERS.keys()


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_is_recognised_and_read(tmp_path: Path, name: str) -> None:
    _write(tmp_path, LAYOUTS[name])
    found = detect_corpus(tmp_path)
    assert found.name == name
    assert any(found.evidence.find(Path(file).name) >= 0 for file in LAYOUTS[name]), found.evidence
    assert list(READERS[name].read(tmp_path))


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_other_reader_accepts_it(tmp_path: Path, name: str) -> None:
    _write(tmp_path, LAYOUTS[name])
    one_family = {"zeroth", "tedxkr", "librispeech"}
    for other in READERS.keys() - {name}:
        if {name, other} <= one_family or (name, other) == ("commonvoice", "table"):
            continue
        with pytest.raises(InputRejected):
            list(READERS[other].read(tmp_path))


@pytest.mark.parametrize("name", LAYOUTS)
def test_raw_data_is_never_written_to(tmp_path: Path, name: str) -> None:
    _write(tmp_path, LAYOUTS[name])
    before = _snapshot(tmp_path)
    detect_corpus(tmp_path)
    list(READERS[name].read(tmp_path))
    assert _snapshot(tmp_path) == before


def _snapshot(root: Path) -> dict[Path, tuple[int, int]]:
    stats = {path: path.stat() for path in sorted(root.rglob("*"))}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}


def test_a_folder_that_fits_none_lists_what_was_looked_for(tmp_path: Path) -> None:
    _write(tmp_path, {"a.wav": "", "b.doc": ""})
    with pytest.raises(InputRejected) as rejected:
        detect_corpus(tmp_path)
    message = str(rejected.value)
    assert "found 2 files: 1 .doc, 1 .wav" in message
    assert "\n" not in message
    assert all(f"{name}: " in message for name in READERS)


def test_several_corpora_in_one_folder_are_not_chosen_from(tmp_path: Path) -> None:
    _write(tmp_path, LAYOUTS["kspon"] | LAYOUTS["nemo"])
    with pytest.raises(InputRejected, match=r"several corpora: kspon \(scripts/train.trn\); nemo"):
        detect_corpus(tmp_path)


def test_an_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="nothing at"):
        detect_corpus(tmp_path / "absent")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings are not beside the repository")
def test_real_corpora() -> None:
    assert detect_corpus(SHARED / "kspon-sample").name == "kspon"
    assert detect_corpus(SHARED / "tedxkr-mini").name == "tedxkr"
