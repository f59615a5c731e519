import json

import pytest

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.manifest import (
    CorpusRecord,
    Counts,
    DroppedRecord,
    Manifest,
    RunRecord,
    SettingsRecord,
    ShardRecord,
    SourceRecord,
    SpeakerRecord,
    Statistics,
    VocabularyRecord,
)
from pipeline.contract.manifest_file import read_manifest, write_manifest
from pipeline.contract.vocabulary import KOREAN

SHA256 = "0" * 64


@pytest.fixture
def manifest() -> Manifest:
    return Manifest(
        contract_version=1,
        name="tiny",
        part=None,
        sources=(
            SourceRecord(
                corpus=CorpusRecord(name="test", title="Test", licence="none"),
                listing_sha256=SHA256,
                utterances=3,
            ),
        ),
        settings=(
            SettingsRecord(
                fingerprint=SHA256, values={"silence": {"longest_s": 3.0}}, versions={"numpy": "2"}
            ),
        ),
        vocabulary=VocabularyRecord.of(KOREAN),
        root="../shards",
        shards=(
            ShardRecord(
                path="train-00000.arrow",
                sha256=SHA256,
                bytes=9,
                stored_rows=4,
                rows=2,
                ranges=((0, 1), (3, 4)),
                seconds=2.5,
                split="train",
                settings=0,
            ),
        ),
        counts=Counts(read=3, kept=2, dropped={"missing_audio": 1}),
        dropped=DroppedRecord(path="dropped.jsonl", sha256=SHA256, rows=1),
        statistics=Statistics(
            seconds_in=3.0,
            seconds_out=2.5,
            silence_removed_s=0.5,
            shortest_s=1.0,
            longest_s=1.5,
            phones=20,
            phones_per_second=8.0,
            phone_counts={"ɑ": 20},
            speakers={"test/1": SpeakerRecord(utterances=2, seconds=2.5)},
        ),
        history=(),
        run=RunRecord(command="malsori preprocess", host="box", started="2026-01-01", seconds=1.0, jobs=1),
    )


def edited(manifest: Manifest, path, **changes):
    """Write `manifest` with top-level keys changed behind the model's back."""
    path.write_text(json.dumps(json.loads(manifest.to_json()) | changes))
    return path


def test_a_manifest_comes_back_as_it_was_written(manifest, tmp_path):
    write_manifest(tmp_path / "m.json", manifest)
    assert read_manifest(tmp_path / "m.json") == manifest
    assert read_manifest(tmp_path / "m.json").vocabulary.vocabulary() == KOREAN


def test_an_unknown_key_breaks_the_hand_off_and_is_named(manifest, tmp_path):
    with pytest.raises(HandOffBroken, match=r"colour: Extra inputs are not permitted"):
        read_manifest(edited(manifest, tmp_path / "m.json", colour="red"))


def test_another_contract_version_says_what_to_do(manifest, tmp_path):
    with pytest.raises(
        HandOffBroken, match=r"contract version 2, this malsori reads 1: make the manifest again"
    ):
        read_manifest(edited(manifest, tmp_path / "m.json", contract_version=2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": {"read": 4, "kept": 2, "dropped": {"missing_audio": 1}}}, "do not add up"),
        ({"counts": {"read": 1, "kept": 1, "dropped": {}}}, "the shards hold 2 rows"),
        ({"shards": []}, "the shards hold 0 rows"),
        ({"root": 7}, "root: Input should be a valid string"),
        (
            {"dropped": {"path": "dropped.jsonl", "sha256": SHA256, "rows": 2}},
            "does not match counts.dropped",
        ),
        ({"dropped": {"path": "dropped.jsonl", "sha256": "xyz", "rows": 1}}, "String should match pattern"),
    ],
)
def test_parts_that_contradict_each_other_break_the_hand_off(manifest, tmp_path, changes, message):
    with pytest.raises(HandOffBroken, match=message):
        read_manifest(edited(manifest, tmp_path / "m.json", **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "../other/train-00000.arrow"}, "expected a relative path below the root"),
        ({"path": "/etc/passwd"}, "expected a relative path below the root"),
        ({"path": "a\\b.arrow"}, "expected a relative path below the root"),
        ({"ranges": [[0, 3]]}, "the ranges do not hold the recorded number of rows"),
        ({"ranges": [[3, 4], [0, 1]]}, "in order, disjoint and inside"),
        ({"ranges": [[3, 5]]}, "in order, disjoint and inside"),
        ({"ranges": None}, "the ranges do not hold the recorded number of rows"),
        ({"settings": 1}, "a shard names settings that the manifest does not hold"),
        ({"rows": -1}, "greater than or equal to 0"),
        ({"seconds": float("nan")}, "JSON|finite"),
    ],
)
def test_a_shard_record_that_makes_no_sense_breaks_the_hand_off(manifest, tmp_path, changes, message):
    shard = json.loads(manifest.to_json())["shards"][0] | changes
    with pytest.raises((HandOffBroken, InputRejected), match=message):
        read_manifest(edited(manifest, tmp_path / "m.json", shards=[shard]))


def test_a_changed_vocabulary_is_caught_by_its_hash(manifest, tmp_path):
    vocabulary = json.loads(manifest.to_json())["vocabulary"]
    vocabulary["symbols"][0], vocabulary["symbols"][1] = vocabulary["symbols"][1], vocabulary["symbols"][0]
    with pytest.raises(HandOffBroken, match="symbols do not have the recorded sha256"):
        read_manifest(edited(manifest, tmp_path / "m.json", vocabulary=vocabulary))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", "not json", "[" * 100_000, '{"contract_version": ']
)
def test_what_is_no_manifest_is_rejected_input(tmp_path, content):
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(InputRejected, match="is not a manifest"):
        read_manifest(tmp_path / "m.json")


def test_a_missing_manifest_says_what_writes_one(tmp_path):
    with pytest.raises(InputRejected, match="`malsori preprocess` writes one"):
        read_manifest(tmp_path / "m.json")
