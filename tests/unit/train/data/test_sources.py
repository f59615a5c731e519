import fsspec
import pytest

from pipeline.contract.errors import HandOffBroken, InputRejected, MissingResource
from train.data.dataset import Utterances
from train.data.sources import open_sources


@pytest.fixture
def remote(make_corpus, make_tones, tmp_path, monkeypatch):
    """The URL of a manifest whose files exist only there, not on disk."""
    monkeypatch.setenv("MALSORI_CACHE", str(tmp_path / "cache"))
    path = make_corpus([*make_tones(5, "train", seed=0), *make_tones(3, "test", seed=1)])
    files = fsspec.filesystem("memory")
    for file in path.parent.iterdir():
        files.pipe(f"/bucket/{file.name}", file.read_bytes())
        file.unlink()
    yield "memory://bucket/tones.json"
    files.rm("/bucket", recursive=True)


def cached(tmp_path):
    return {path.name for path in tmp_path.glob("cache/*/*")}


def test_a_split_is_copied_when_it_is_opened_and_once(remote, tmp_path, capsys):
    sources = open_sources([remote])
    assert sources[0].path == remote
    assert cached(tmp_path) == {"manifest.json"}
    assert len(Utterances(sources, "train")) == 5
    assert cached(tmp_path) == {"manifest.json", "train-00000.arrow"}
    assert "copying memory://" in capsys.readouterr().err
    assert Utterances(open_sources([remote]), "train").audio(4).size
    assert "copying" not in capsys.readouterr().err


def test_a_shard_that_is_another_is_refused_and_not_kept(remote, tmp_path):
    files = fsspec.filesystem("memory")
    content = bytearray(files.cat("/bucket/train-00000.arrow"))
    content[-100] ^= 1
    files.pipe("/bucket/train-00000.arrow", bytes(content))
    with pytest.raises(HandOffBroken, match=r"train-00000\.arrow does not have the hash"):
        Utterances(open_sources([remote]), "train")
    assert cached(tmp_path) == {"manifest.json"}


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("memory://bucket/none.json", MissingResource, "cannot be read"),
        ("nonsense://bucket/none.json", InputRejected, "nonsense"),
        ("s3://bucket/none.json", MissingResource, "s3fs"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, monkeypatch, url, error, message):
    monkeypatch.setenv("MALSORI_CACHE", str(tmp_path))
    with pytest.raises(error, match=message):
        open_sources([url])
