import io
import json

import datasets
import pytest
import soundfile
from edited_dataset import copy_dataset
from small_corpus import rows_by_id


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


@pytest.fixture
def folder(dataset, malsori, tmp_path):
    result = malsori("export", dataset, "--to", "hf", "-o", tmp_path / "hf")
    assert result.exit_code == 0, result.output
    return tmp_path / "hf"


@pytest.fixture
def view(dataset, malsori, tmp_path):
    """Part of each shard, in splits other than the shards' own."""
    copy = copy_dataset(dataset, tmp_path / "copy")
    short, manifest = tmp_path / "copy" / "short.json", tmp_path / "copy" / "view.json"
    assert malsori("filter", copy, "duration_s < 4", "-o", short).exit_code == 0
    result = malsori("split", short, "-o", manifest, "--test", 0.4, "--by", "utterance")
    assert result.exit_code == 0, result.output
    return manifest


def contents(dataset_dict):
    """Every row of a DatasetDict by its id, audio as it is stored."""
    rows = {}
    for name, part in dataset_dict.items():
        for row in part.with_format("arrow")[:].to_pylist():
            rows[row["id"]] = row | {"opened_as": name}
    return rows


def test_load_from_disk_gives_every_row_in_its_split(folder, dataset):
    opened = datasets.load_from_disk(str(folder))
    assert isinstance(opened, datasets.DatasetDict)
    rows, expected = contents(opened), rows_by_id(dataset)
    assert {name: {**row} for name, row in rows.items()} == {
        name: row | {"opened_as": row["split"]} for name, row in expected.items()
    }


def test_columns_and_the_audio_feature_are_right(folder):
    features = datasets.load_from_disk(str(folder))["train"].features
    assert features["audio"] == datasets.Audio(sampling_rate=16_000)
    assert features["labels"] == datasets.List(datasets.Value("uint8"))
    assert features["num_samples"] == datasets.Value("int64")
    assert features["kept"] == datasets.List(
        {"start": datasets.Value("int64"), "end": datasets.Value("int64")}
    )
    assert features["measurements"]["peak"] == datasets.Value("float32")


def test_load_dataset_arrow_opens_the_same(folder, tmp_path):
    files = {split: str(folder / split / "*.arrow") for split in ("train", "valid")}
    opened = datasets.load_dataset("arrow", data_files=files, cache_dir=str(tmp_path / "cache"))
    mapped = datasets.load_from_disk(str(folder))
    assert opened["train"].features == mapped["train"].features
    assert contents(opened) == contents(mapped)


def test_the_card_tells_load_dataset_where_the_splits_are(folder, tmp_path):
    opened = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {name: len(part) for name, part in opened.items()} == {"train": 17, "valid": 4}


def test_the_audio_decodes_to_as_many_samples_as_the_row_says(folder):
    for row in contents(datasets.load_from_disk(str(folder))).values():
        wave, rate_hz = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
        assert (len(wave), rate_hz) == (row["num_samples"], 16_000)


def test_whole_shards_are_linked(folder, dataset):
    shards = {path.stat().st_ino for path in (dataset.parent / "shards").glob("*.arrow")}
    assert {path.stat().st_ino for path in folder.rglob("*.arrow")} == shards


def test_whole_shards_are_copied_where_links_are_not_to_be_had(dataset, malsori, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    assert malsori("export", dataset, "--to", "hf", "-o", tmp_path / "hf").exit_code == 0
    copies = list((tmp_path / "hf").rglob("*.arrow"))
    assert all(path.stat().st_nlink == 1 for path in copies)
    originals = {path.read_bytes() for path in (dataset.parent / "shards").glob("*.arrow")}
    assert {path.read_bytes() for path in copies} == originals


def test_parts_of_shards_are_written_anew_in_the_manifests_split(view, malsori, tmp_path):
    assert malsori("export", view, "--to", "hf", "-o", tmp_path / "hf").exit_code == 0
    rows = contents(datasets.load_from_disk(str(tmp_path / "hf")))
    content = json.loads(view.read_text())
    per_split = {
        split: sum(shard["rows"] for shard in content["shards"] if shard["split"] == split)
        for split in ("train", "test")
    }
    assert all(per_split.values())
    expected = rows_by_id(view)
    assert {name: row["audio"] for name, row in rows.items()} == {
        name: row["audio"] for name, row in expected.items()
    }
    assert all(row["split"] == row["opened_as"] for row in rows.values())
    for split, count in per_split.items():
        assert sum(row["split"] == split for row in rows.values()) == count


def test_the_same_manifest_gives_the_same_bytes(view, malsori, tmp_path):
    for name in ("one", "other"):
        assert malsori("export", view, "--to", "hf", "-o", tmp_path / name).exit_code == 0
    one, other = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "other")
    )
    assert one == other


def test_a_manifest_without_rows_is_one_clear_line(dataset, malsori, tmp_path):
    copy = copy_dataset(dataset, tmp_path / "copy")
    malsori("filter", copy, "duration_s < 0", "-o", tmp_path / "copy" / "none.json")
    result = malsori("export", tmp_path / "copy" / "none.json", "--to", "hf", "-o", tmp_path / "hf")
    assert result.exit_code == 3
    assert "nothing to export" in result.stderr
