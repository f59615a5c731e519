"""What was handed over under contract version 1 can be read for ever."""

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from edited_dataset import edit_manifest

from pipeline.contract.manifest_file import read_manifest
from pipeline.contract.opened import open_manifest

GOLDEN = Path(__file__).parents[2] / "golden" / "manifest_v1"
MANIFEST = GOLDEN / "dataset.json"
COLUMNS = {
    "id": "string",
    "speaker": "string",
    "audio": "struct<bytes: binary, path: string>",
    "num_samples": "int64",
    "text": "string",
    "spoken": "string",
    "pronunciation": "string",
    "ipa": "string",
    "labels": "list<item: uint8>",
    "romanized": "string",
    "source": "struct<path: string, rate_hz: int32, offset: int64, length: int64, sha256: string>",
    "kept": "list<item: struct<start: int64, end: int64>>",
    "split": "string",
    "measurements": "struct<silence_removed_samples: int64, noise_floor_db: float,"
    " speech_level_db: float, peak: float>",
}


def rows() -> list[dict[str, object]]:
    opened = open_manifest(MANIFEST)
    found = []
    for shard in opened.manifest.shards:
        for row in opened.rows(shard).to_pylist():
            samples, rate_hz = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
            assert (rate_hz, samples.shape) == (16_000, (row["num_samples"],))
            row["audio"]["bytes"] = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
            found.append({"record": shard.split} | row)
    return found


def test_it_is_verified(malsori):
    result = malsori("verify", MANIFEST)
    assert result.exit_code == 0, result.output
    assert "3 shards, 5 utterances" in result.stdout


def test_the_manifest_is_written_as_it_was():
    assert read_manifest(MANIFEST).to_json() == MANIFEST.read_text(encoding="utf-8")


def test_the_columns_are_those_of_the_contract():
    opened = open_manifest(MANIFEST)
    for shard in opened.manifest.shards:
        assert {field.name: str(field.type) for field in opened.rows(shard).schema} == COLUMNS


def test_the_rows_are_what_they_were():
    expected = [json.loads(line) for line in (GOLDEN / "rows.jsonl").read_text("utf-8").splitlines()]
    assert rows() == expected
    assert {row["record"] for row in expected} == {"train", "valid", "test"}
    assert [row["speaker"] for row in expected].count(None) == 1


def test_every_operation_works_on_it(malsori, tmp_path):
    copy = shutil.copytree(GOLDEN, tmp_path / "copy") / MANIFEST.name
    for number, command in enumerate(
        (["split", copy, "--valid", 0.5], ["filter", copy, "duration_s > 0.7"],
         ["merge", copy, copy, "--mixed-settings"])
    ):  # fmt: skip
        output = tmp_path / f"{number}.json"
        assert malsori(*command, "-o", output).exit_code == 0
        assert malsori("verify", output).exit_code == 0
    assert malsori("show", copy).exit_code == 0


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_the_trainer_reads_it(split):
    pytest.importorskip("torch")
    from train.data.dataset import Utterances
    from train.data.sources import open_sources

    utterances = Utterances(open_sources([MANIFEST]), split)
    expected = [row for row in rows() if row["record"] == split]
    assert len(utterances) == len(expected)
    for number, row in enumerate(expected):
        assert utterances.labels(number).tolist() == row["labels"]
        samples = np.asarray(utterances.audio(number), dtype="<i2")
        assert hashlib.sha256(samples.tobytes()).hexdigest() == row["audio"]["bytes"]


def test_another_version_is_refused_and_says_what_to_do(malsori, tmp_path):
    later = shutil.copytree(GOLDEN, tmp_path / "later") / MANIFEST.name
    edit_manifest(later, lambda content: content.update(contract_version=3, tomorrow=[]))
    for command in (["verify"], ["show"], ["split", "-o", tmp_path / "x.json"]):
        result = malsori(command[0], later, *command[1:])
        assert result.exit_code == 5
        assert "has contract version 3, this malsori reads 1 and 2" in result.stderr
        assert "make the manifest again, or install the malsori that wrote it" in result.stderr
