"""What lies outside RAW is told by paths, however RAW and the paths are spelt."""

from pathlib import Path

import pytest

from pipeline.job.outside import OutsideCount

INSIDE = [
    "a.wav",
    "deep/a.wav",
    "deep/../a.wav",
    "..a.wav",
    "..deep/a.wav",
    "../raw/a.wav",
    "no/such/../../a.wav",
]
OUTSIDE = ["../a.wav", "../rawer/a.wav", "deep/../../a.wav", "../../a.wav", "/etc/a.wav", "/../etc/a.wav"]


@pytest.fixture(params=[".", "../raw", "here", "linked", "above", "deep/..", "meta.csv", "here/meta.csv"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    raw = tmp_path / "raw"
    (raw / "deep").mkdir(parents=True)
    (raw / "meta.csv").touch()
    (tmp_path / "link").symlink_to("raw")
    monkeypatch.chdir(tmp_path if request.param == "above" else raw)
    spelt = {
        "here": raw,
        "here/meta.csv": raw / "meta.csv",
        "linked": tmp_path / "link",
        "above": Path("raw"),
    }
    return spelt.get(request.param, Path(request.param))


def _count(root: Path, *paths: Path) -> str | None:
    outside = OutsideCount(root)
    for path in paths:
        outside.add(path)
    return outside.describe()


def _folder(root: Path) -> Path:
    return root.parent if root.name == "meta.csv" else root


@pytest.mark.parametrize("listed", INSIDE)
def test_what_lies_inside_is_not_counted(root: Path, tmp_path: Path, listed: str) -> None:
    if root.name == "link":
        listed = listed.replace("../raw", "../link")
    assert _count(root, _folder(root) / listed, tmp_path.resolve() / "raw" / "a.wav") is None


@pytest.mark.parametrize("listed", OUTSIDE)
def test_what_lies_outside_is_counted(root: Path, listed: str) -> None:
    path = _folder(root) / listed
    alone = _count(root, path)
    assert alone is not None
    assert f"1 utterance lies outside {root}, such as {path}" in alone
    several = _count(root, _folder(root) / "a.wav", path, path, Path("/dev/a.wav"))
    assert several is not None
    assert f"3 utterances lie outside {root}, such as {path}" in several
