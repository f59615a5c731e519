import errno
import hashlib
import json
import os

import fsspec
import pytest

from pipeline.contract.errors import HandOffBroken, InputRejected, MissingResource
from train.data import sources as sources_module
from train.data.dataset import Utterances
from train.data.sources import open_sources

SHARD = "/bucket/train-00000.arrow"


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
    return {path.name for path in tmp_path.glob("cache/*/*") if path.is_file()}


def change(path, content):
    """Put a shard in place of another: of the same size, one bit different."""
    changed = bytearray(content)
    changed[-100] ^= 1
    fsspec.filesystem("memory").pipe(path, bytes(changed))
    return bytes(changed)


def test_a_split_is_copied_when_it_is_opened_and_once(remote, tmp_path, capsys):
    sources = open_sources([remote])
    assert sources[0].path == remote
    assert cached(tmp_path) == {"manifest.json"}
    assert len(Utterances(sources, "train")) == 5
    assert cached(tmp_path) == {"manifest.json", "train-00000.arrow"}
    assert "copying memory://" in capsys.readouterr().err
    assert Utterances(open_sources([remote]), "train").audio(4).size
    assert "copying" not in capsys.readouterr().err


@pytest.mark.parametrize("root", ["../other", "../../intranet/private", ".."])
def test_a_manifest_sends_its_reader_to_no_other_host_or_bucket(remote, tmp_path, root):
    files = fsspec.filesystem("memory")
    manifest = json.loads(files.cat("/bucket/tones.json")) | {"root": root}
    files.pipe("/bucket/tones.json", json.dumps(manifest).encode())
    with pytest.raises(HandOffBroken, match="its shards lie at"):
        open_sources([remote])


def test_a_shard_that_is_another_is_refused_and_not_kept(remote, tmp_path):
    change(SHARD, fsspec.filesystem("memory").cat(SHARD))
    with pytest.raises(HandOffBroken, match=r"train-00000\.arrow does not have the hash") as refused:
        Utterances(open_sources([remote]), "train")
    assert str(tmp_path / "cache") in str(refused.value)
    assert cached(tmp_path) == {"manifest.json"}


def read_all(sources):
    utterances = Utterances(sources, "train")
    return [utterances.audio(row).tobytes() for row in range(len(utterances))]


@pytest.mark.parametrize("is_checked", [True, False])
@pytest.mark.parametrize("has_note", [True, False])
def test_a_shard_corrected_under_the_same_size_is_fetched_again(remote, tmp_path, is_checked, has_note):
    """Whether a run begins, which checks hashes, or an evaluation, which does not."""
    files = fsspec.filesystem("memory")
    read_all(open_sources([remote]))
    corrected = change(SHARD, files.cat(SHARD))
    manifest = json.loads(files.cat("/bucket/tones.json"))
    for record in manifest["shards"]:
        if record["path"] == "train-00000.arrow":
            record["sha256"] = hashlib.sha256(corrected).hexdigest()
    files.pipe("/bucket/tones.json", json.dumps(manifest).encode())
    if not has_note:
        for note in tmp_path.glob("cache/*/.copied/*"):
            note.unlink()
    sources = open_sources([remote])
    if is_checked:
        sources[0].check_hashes()
    read_all(sources)
    (copy,) = tmp_path.glob("cache/*/train-00000.arrow")
    assert copy.read_bytes() == corrected


def test_a_copy_that_was_damaged_is_fetched_again_once(remote, tmp_path, capsys):
    (source,) = open_sources([remote])
    good = read_all([source])
    (copy,) = tmp_path.glob("cache/*/train-00000.arrow")
    content = bytearray(copy.read_bytes())
    content[-100] ^= 1
    copy.write_bytes(content)
    capsys.readouterr()
    (source,) = open_sources([remote])
    source.check_hashes("train")
    assert capsys.readouterr().err.count("copying") == 1
    assert read_all([source]) == good


@pytest.mark.parametrize("harm", ["wrong", "longer", "gone"])
def test_a_copy_is_only_replaced_by_what_has_the_right_hash(remote, tmp_path, harm):
    files = fsspec.filesystem("memory")
    read_all(open_sources([remote]))
    (copy,) = tmp_path.glob("cache/*/train-00000.arrow")
    damaged = bytearray(copy.read_bytes())
    damaged[-100] ^= 1
    copy.write_bytes(damaged)
    content = files.cat(SHARD)
    {
        "wrong": lambda: files.pipe(SHARD, content[:-50] + bytes(50)),
        "longer": lambda: files.pipe(SHARD, content + content),
        "gone": lambda: files.rm(SHARD),
    }[harm]()
    (source,) = open_sources([remote])
    with pytest.raises((HandOffBroken, MissingResource), match=r"train-00000\.arrow"):
        source.check_hashes("train")
    assert copy.read_bytes() == damaged
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("write", ["replacing", "write_text"])
def test_a_cache_that_cannot_be_written_keeps_what_it_has(remote, tmp_path, monkeypatch, write, error):
    (source,) = open_sources([remote])

    def fail(*_arguments):
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as broken:
        broken.setattr(sources_module, write, fail)
        with pytest.raises((OSError, MissingResource)):
            source.check_hashes("train")
    assert not list(tmp_path.rglob("*.tmp"))
    source.check_hashes("train")
    assert len(read_all([source])) == 5


def test_an_endless_manifest_is_refused(remote, tmp_path, monkeypatch):
    monkeypatch.setattr(sources_module, "MAX_MANIFEST_BYTES", 1_000)
    with pytest.raises(HandOffBroken, match="over 1,000 bytes"):
        open_sources([remote])


def test_a_name_is_never_taken_for_another_url(remote):
    files = fsspec.filesystem("memory")
    manifest = json.loads(files.cat("/bucket/tones.json"))
    manifest["shards"][0]["path"] = "x::file:/etc/passwd"
    files.pipe("/bucket/tones.json", json.dumps(manifest).encode())
    with pytest.raises(HandOffBroken, match="no name at a URL"):
        open_sources([remote])[0].check_hashes()


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
