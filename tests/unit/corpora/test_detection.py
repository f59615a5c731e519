"""`--corpus auto`, over the miniature listings of every layout."""

from pathlib import Path

import pytest
from miniature_corpora import LISTINGS, make_kspon_miniature, make_tedxkr_miniature, write_listings

from pipeline.contract.errors import InputRejected
from pipeline.corpora import READERS, detect_corpus

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared/corpora"


def test_every_reader_has_its_module_its_miniature_and_its_golden_file() -> None:
    modules = {path.stem for path in (ROOT / "pipeline/corpora/readers").glob("*.py")}
    assert modules - {"__init__", "trans"} == READERS.keys()
    assert LISTINGS.keys() == READERS.keys()
    golden = [path.stem.removeprefix("corpora_") for path in (ROOT / "tests/golden").glob("corpora_*.jsonl")]
    assert all(any(name.startswith(reader) for name in golden) for reader in READERS)


@pytest.mark.parametrize("name", LISTINGS)
def test_each_layout_is_detected_and_read(tmp_path: Path, name: str) -> None:
    found = detect_corpus(write_listings(name, tmp_path))
    assert found.name == name
    assert any(Path(file).name in found.evidence for file in LISTINGS[name]), found.evidence
    assert list(READERS[name].read(tmp_path))


@pytest.mark.parametrize("name", LISTINGS)
def test_no_other_reader_accepts_it(tmp_path: Path, name: str) -> None:
    write_listings(name, tmp_path)
    one_family = {"zeroth", "tedxkr", "librispeech"}
    for other in READERS.keys() - {name}:
        if {name, other} <= one_family or (name, other) == ("commonvoice", "table"):
            continue
        with pytest.raises(InputRejected):
            list(READERS[other].read(tmp_path))


@pytest.mark.parametrize("name", LISTINGS)
def test_raw_data_is_never_written_to(tmp_path: Path, name: str) -> None:
    before = _snapshot(write_listings(name, tmp_path))
    detect_corpus(tmp_path)
    list(READERS[name].read(tmp_path))
    assert _snapshot(tmp_path) == before


def _snapshot(root: Path) -> dict[Path, tuple[int, int]]:
    stats = {path: path.stat() for path in sorted(root.rglob("*"))}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}


def test_a_folder_that_fits_none_lists_what_was_looked_for(tmp_path: Path) -> None:
    for name in ("a.wav", "b.doc"):
        (tmp_path / name).touch()
    with pytest.raises(InputRejected) as rejected:
        detect_corpus(tmp_path)
    message = str(rejected.value)
    assert "found 2 files: 1 .doc, 1 .wav" in message
    assert "\n" not in message
    assert all(f"{name}: " in message for name in READERS)


def test_several_corpora_in_one_folder_are_not_chosen_from(tmp_path: Path) -> None:
    write_listings("kspon", tmp_path)
    write_listings("nemo", tmp_path)
    with pytest.raises(InputRejected, match=r"several corpora: kspon \(scripts/dev.trn\); nemo"):
        detect_corpus(tmp_path)


def test_an_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="nothing at"):
        detect_corpus(tmp_path / "absent")


def test_corpora_with_recordings(tmp_path: Path) -> None:
    assert detect_corpus(make_kspon_miniature(tmp_path / "kspon")).name == "kspon"
    assert detect_corpus(make_tedxkr_miniature(tmp_path / "tedxkr")).name == "tedxkr"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings are not beside the repository")
def test_real_corpora() -> None:
    assert detect_corpus(SHARED / "kspon-sample").name == "kspon"
    assert detect_corpus(SHARED / "tedxkr-mini").name == "tedxkr"
