import json

import numpy as np
import pytest
import soundfile
from edited_dataset import copy_dataset, edit_dataset, edit_manifest
from small_corpus import rows_by_id

from pipeline.corpora.readers.nemo import NEMO


@pytest.fixture
def folder(dataset, malsori, tmp_path):
    result = malsori("export", dataset, "--to", "nemo", "-o", tmp_path / "nemo")
    assert result.exit_code == 0, result.output
    return tmp_path / "nemo"


def entries(folder):
    """What a plain JSON-lines reader sees."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [json.loads(line) for line in lines]


def test_every_utterance_has_a_line_in_its_split(folder, dataset):
    rows = rows_by_id(dataset)
    assert {path.name for path in folder.iterdir()} == {"audio", "train.jsonl", "valid.jsonl"}
    assert {entry["id"] for entry in entries(folder)} == set(rows)
    for entry in entries(folder):
        row = rows[entry["id"]]
        assert entry["split"] == row["split"]
        assert entry["offset"] == 0
        for name in ("text", "pronunciation", "ipa", "speaker"):
            assert entry[name] == row[name]


def test_the_audio_is_the_shards_own_and_as_long_as_the_line_says(folder, dataset):
    rows = rows_by_id(dataset)
    for entry in entries(folder):
        path = folder / entry["audio_filepath"]
        wave, rate_hz = soundfile.read(path, dtype="int16")
        assert rate_hz == 16_000
        assert entry["duration"] == len(wave) / rate_hz
        assert np.any(wave)
        assert path.read_bytes() == rows[entry["id"]]["audio"]["bytes"]


def test_our_own_reader_reads_it(folder, dataset):
    listed = list(NEMO.list_utterances(folder, "nemo"))
    assert len(listed) == 21
    assert all(utterance.audio.path.is_file() for utterance in listed)
    texts = {row["text"] for row in rows_by_id(dataset).values()}
    assert {utterance.transcript for utterance in listed} == texts
    assert {utterance.split for utterance in listed} == {"train", "valid"}


def test_the_same_manifest_gives_the_same_bytes(folder, dataset, malsori, tmp_path):
    malsori("export", dataset, "--to", "nemo", "-o", tmp_path / "again")
    for path in folder.glob("*.jsonl"):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_flac_shards_give_flac_files(kspon_corpus, malsori, tmp_path):
    malsori(
        "preprocess", kspon_corpus, "--corpus", "kspon", "--out", tmp_path / "shards", "--limit", 4,
        "--manifest", tmp_path / "flac.json", "--set", "shards.audio=flac",
    )  # fmt: skip
    assert malsori("export", tmp_path / "flac.json", "--to", "nemo", "-o", tmp_path / "out").exit_code == 0
    for entry in entries(tmp_path / "out"):
        info = soundfile.info(tmp_path / "out" / entry["audio_filepath"])
        assert info.format == "FLAC"
        assert info.frames / 16_000 == entry["duration"]


def test_only_the_rows_of_a_view_are_written(dataset, malsori, tmp_path):
    copy = copy_dataset(dataset, tmp_path / "copy")
    view = tmp_path / "copy" / "view.json"
    assert malsori("filter", copy, "duration_s < 3", "-o", view).exit_code == 0
    assert malsori("export", view, "--to", "nemo", "-o", tmp_path / "out").exit_code == 0
    expected = {name for name, row in rows_by_id(dataset).items() if row["num_samples"] < 48_000}
    assert {entry["id"] for entry in entries(tmp_path / "out")} == expected
    assert len(list((tmp_path / "out" / "audio").rglob("*.wav"))) == len(expected)


def test_hostile_ids_stay_inside_the_folder(dataset, malsori, tmp_path):
    def hostile(row):
        return {**row, "id": f"../../../{row['id']}/..\\:{'x' * 400}\x00"}

    copy = edit_dataset(dataset, tmp_path / "copy", hostile)
    before = set(tmp_path.rglob("*"))
    assert malsori("export", copy, "--to", "nemo", "-o", tmp_path / "out").exit_code == 0
    new = set(tmp_path.rglob("*")) - before
    assert all(path.is_relative_to(tmp_path / "out") for path in new)
    assert all((tmp_path / "out" / entry["audio_filepath"]).is_file() for entry in entries(tmp_path / "out"))


def break_audio(row):
    return {**row, "audio": {"bytes": b"RIFF" + b"x" * 60, "path": "x.wav"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: {**row, "id": "same"}, "occurs twice"),
        (break_audio, "its WAV has 64 bytes"),
        (lambda row: {**row, "num_samples": row["num_samples"] + 1}, "its WAV has"),
    ],
)
def test_rows_that_contradict_themselves_are_exit_5_and_leave_nothing(
    dataset, malsori, tmp_path, change, message
):
    copy = edit_dataset(dataset, tmp_path / "copy", change)
    result = malsori("export", copy, "--to", "nemo", "-o", tmp_path / "out")
    assert result.exit_code == 5
    assert message in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("target", ["nemo", "hf"])
class TestBothTargets:
    def test_an_existing_folder_is_refused(self, dataset, malsori, tmp_path, target):
        (tmp_path / "out").mkdir()
        result = malsori("export", dataset, "--to", target, "-o", tmp_path / "out")
        assert result.exit_code == 3
        assert "exists already" in result.stderr

    def test_a_changed_shard_is_exit_5(self, dataset, malsori, tmp_path, target):
        copy = copy_dataset(dataset, tmp_path / "copy")
        shard = tmp_path / "copy" / "shards" / "valid-00000.arrow"
        flipped = bytearray(shard.read_bytes())
        flipped[len(flipped) // 2] ^= 1
        shard.write_bytes(flipped)
        result = malsori("export", copy, "--to", target, "-o", tmp_path / "out")
        assert result.exit_code == 5
        assert "sha256" in result.stderr
        assert not (tmp_path / "out").exists()

    def test_a_split_that_is_a_path_is_exit_5(self, dataset, malsori, tmp_path, target):
        copy = copy_dataset(dataset, tmp_path / "copy")
        edit_manifest(copy, lambda content: content["shards"][0].update(split="../escape"))
        result = malsori("export", copy, "--to", target, "-o", tmp_path / "out")
        assert result.exit_code == 5
        assert not (tmp_path / "escape").exists()

    def test_a_link_that_leads_outside_is_followed_only_when_told(self, dataset, malsori, tmp_path, target):
        copy = copy_dataset(dataset, tmp_path / "copy")
        shard = tmp_path / "copy" / "shards" / "valid-00000.arrow"
        shard.rename(tmp_path / "elsewhere.arrow")
        shard.symlink_to(tmp_path / "elsewhere.arrow")
        arguments = ["export", copy, "--to", target, "-o", tmp_path / "out"]
        assert malsori(*arguments).exit_code == 5
        assert malsori(*arguments, "--allow-outside").exit_code == 0
        assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))

    def test_moved_shards_are_found_by_root(self, dataset, malsori, tmp_path, target):
        copy = copy_dataset(dataset, tmp_path / "copy")
        (tmp_path / "copy" / "shards").rename(tmp_path / "moved")
        arguments = ["export", copy, "--to", target, "-o", tmp_path / "out"]
        assert malsori(*arguments).exit_code == 5
        assert malsori(*arguments, "--root", tmp_path / "moved").exit_code == 0
