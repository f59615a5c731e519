import json
import os
from pathlib import Path

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
from pipeline.contract.manifest_file import manifest_text, read_manifest
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
    (tmp_path / "m.json").write_text(manifest_text(tmp_path / "m.json", manifest), encoding="utf-8")
    assert read_manifest(tmp_path / "m.json") == manifest
    assert read_manifest(tmp_path / "m.json").vocabulary.vocabulary() == KOREAN


def test_an_unknown_key_breaks_the_hand_off_and_is_named(manifest, tmp_path):
    with pytest.raises(HandOffBroken, match=r"colour: Extra inputs are not permitted"):
        read_manifest(edited(manifest, tmp_path / "m.json", colour="red"))


@pytest.mark.parametrize(
    ("version", "shown"), [(3, "3"), (True, "True"), ("1", "'1'"), (1.0, "a float"), ([[]], "a list")]
)
def test_another_contract_version_says_what_to_do(manifest, tmp_path, version, shown):
    message = rf"contract version {shown}, this malsori reads 1 and 2: make the manifest again"
    with pytest.raises(HandOffBroken, match=message):
        read_manifest(edited(manifest, tmp_path / "m.json", contract_version=version))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": {"read": 4, "kept": 2, "dropped": {"missing_audio": 1}}}, "do not add up"),
        ({"counts": {"read": 1, "kept": 1, "dropped": {}}}, "the shards hold 2 rows"),
        ({"shards": []}, "the shards hold 0 rows"),
        ({"root": 7}, "root: Input should be a valid string"),
        ({"part": {"number": 2, "of": 1}}, "no part 2 of 1"),
        ({"part": {"number": 1, "of": 10**9}}, "part.of"),
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
        ({"ranges": [[0, 3]]}, "the ranges do not hold the recorded number of rows"),
        ({"ranges": [[3, 4], [0, 1]]}, "in order, disjoint and inside"),
        ({"ranges": [[3, 5]]}, "in order, disjoint and inside"),
        ({"ranges": None}, "the ranges do not hold the recorded number of rows"),
        ({"settings": 1}, "a shard names settings that the manifest does not hold"),
        ({"rows": -1}, "greater than or equal to 0"),
        ({"rows": 10**400}, r"shards\.0\.rows"),
        ({"stored_rows": 2**60}, r"shards\.0\.stored_rows"),
        ({"seconds": float("nan")}, "JSON|finite"),
    ],
)
def test_a_shard_record_that_makes_no_sense_breaks_the_hand_off(manifest, tmp_path, changes, message):
    shard = json.loads(manifest.to_json())["shards"][0] | changes
    with pytest.raises((HandOffBroken, InputRejected), match=message):
        read_manifest(edited(manifest, tmp_path / "m.json", shards=[shard]))


@pytest.mark.parametrize(
    "path",
    ["../secret.arrow", "/etc/passwd", "a/../../b", "./a", "a//b", "", "a\\b", "a\0b", "..", "a/..",
     "\x1b[2J", "x" * 2_000, "a/" * 600],
)  # fmt: skip
@pytest.mark.parametrize("part", ["shards", "dropped"])
def test_a_path_out_of_the_root_is_refused(manifest, tmp_path, path, part):
    content = json.loads(manifest.to_json())
    record = content["shards"][0] if part == "shards" else content["dropped"]
    record["path"] = path
    with pytest.raises(HandOffBroken, match="expected a relative path below the root"):
        read_manifest(edited(manifest, tmp_path / "m.json", **content))


@pytest.mark.parametrize("name", ["x" * 256, "한" * 86, f"a/{'x' * 300}/b"])
def test_a_path_that_no_file_can_have_is_refused(manifest, tmp_path, name):
    for part in ("shards", "dropped", "root"):
        content = json.loads(manifest.to_json())
        record, key = {
            "shards": (content["shards"][0], "path"), "dropped": (content["dropped"], "path"),
            "root": (content, "root"),
        }[part]  # fmt: skip
        record[key] = name
        with pytest.raises(HandOffBroken, match="no file has a name of more than 255 bytes"):
            read_manifest(edited(manifest, tmp_path / "m.json", **content))


NAMES = {
    "name": lambda content, name: content.update(name=name),
    "corpus": lambda content, name: content["sources"][0]["corpus"].update(name=name),
    "title": lambda content, name: content["sources"][0]["corpus"].update(title=name),
    "licence": lambda content, name: content["sources"][0]["corpus"].update(licence=name),
    "split": lambda content, name: content["shards"][0].update(split=name),
    "vocabulary": lambda content, name: content["vocabulary"].update(name=name),
    "symbol": lambda content, name: content["vocabulary"]["symbols"].__setitem__(0, name),
}


@pytest.mark.parametrize("place", NAMES)
@pytest.mark.parametrize(
    "name", ["\x1b[2J", "a\nb", "\u202eevil", "\x9b", "\u200b", "x" * 256, "한" * 86], ids=range(7)
)
def test_a_name_that_could_rewrite_the_screen_or_fill_it_is_refused(manifest, tmp_path, place, name):
    content = json.loads(manifest.to_json())
    NAMES[place](content, name)
    with pytest.raises(HandOffBroken, match=r"cannot be printed|more than 255 bytes") as refused:
        read_manifest(edited(manifest, tmp_path / "m.json", **content))
    assert name not in str(refused.value)


@pytest.mark.parametrize("place", ["name", "title", "licence", "split"])
@pytest.mark.parametrize("name", ["자유 대화 (2024)", "전각\u3000공백", "a\u00a0b", "x" * 255, "é", "😀"])
def test_the_names_that_people_give_are_read(manifest, tmp_path, place, name):
    content = json.loads(manifest.to_json())
    NAMES[place](content, name)
    read_manifest(edited(manifest, tmp_path / "m.json", **content))


@pytest.mark.parametrize("split", ["", ".", "..", "a/b", "../x", "a\\b"])
def test_a_split_that_leads_elsewhere_is_refused(manifest, tmp_path, split):
    content = json.loads(manifest.to_json())
    NAMES["split"](content, split)
    with pytest.raises(HandOffBroken, match="part of a file's name"):
        read_manifest(edited(manifest, tmp_path / "m.json", **content))


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_regular_file_is_no_manifest_and_is_not_waited_for(tmp_path, kind):
    path = Path("/dev/zero") if kind == "device" else tmp_path / "m.json"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "device": lambda: None}[kind]()
    with pytest.raises(InputRejected, match=r"is a folder|is a pipe, a socket or a device"):
        read_manifest(path)


@pytest.mark.parametrize("root", ["/", "/etc", "C:/x", "a\\b", "\0", "file:///etc"])
def test_an_absolute_root_is_refused(manifest, tmp_path, root):
    with pytest.raises(HandOffBroken, match="expected a path relative to the manifest"):
        read_manifest(edited(manifest, tmp_path / "m.json", root=root))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"split": "test", "ranges": [[0, 1]], "rows": 1}, "a row of train-00000.arrow is used twice"),
        ({"ranges": [[1, 3]], "sha256": "1" * 64}, "records of train-00000.arrow describe different"),
    ],
)
def test_two_records_of_one_file_share_no_row_and_agree(manifest, tmp_path, second, message):
    first = json.loads(manifest.to_json())["shards"][0]
    shards = [first, first | second]
    kept = sum(record["rows"] for record in shards)
    counts = {"read": kept + 1, "kept": kept, "dropped": {"missing_audio": 1}}
    with pytest.raises(HandOffBroken, match=message):
        read_manifest(edited(manifest, tmp_path / "m.json", shards=shards, counts=counts))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda symbols: symbols[::-1], "do not have the recorded sha256"),
        (lambda symbols: [*symbols, "x"], "do not have the recorded sha256"),
        (lambda _: ["k"] * 41, "lists a symbol twice"),
    ],
)
def test_a_changed_vocabulary_is_caught(manifest, tmp_path, change, message):
    vocabulary = json.loads(manifest.to_json())["vocabulary"]
    vocabulary["symbols"] = change(vocabulary["symbols"])
    with pytest.raises(HandOffBroken, match=message):
        read_manifest(edited(manifest, tmp_path / "m.json", vocabulary=vocabulary))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", "not json", "[" * 100_000, '{"contract_version": ']
)
def test_what_is_no_manifest_is_rejected_input(tmp_path, content):
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(InputRejected, match="is not a manifest"):
        read_manifest(tmp_path / "m.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace('"name"', '"name": "x", "name"', 1), "occurs twice"),
        (lambda text: text.replace("3.0", "1e999", 1), "not a finite number"),
        (lambda text: text.replace("3.0", "NaN", 1), "not a finite number"),
        (lambda text: text.replace("3.0", "9" * 5_000, 1), "is not a manifest"),
        (lambda text: text + " " * (64 * 2**20), "over 67,108,864 bytes"),
        (lambda text: text.replace("[]", f"[{'[],' * 2 * 10**6}[]]", 1), "over 3,000,000 values"),
        (lambda text: text.replace("[]", "[" * 50_000 + "]" * 50_000, 1), "is not a manifest"),
        (lambda text: text.replace("[]", "[" * 500 + "]" * 500, 1), "nested too deeply"),
        (lambda text: text.encode("utf-16").decode("latin-1"), "is not a manifest"),
    ],
)
def test_text_that_no_manifest_has_is_rejected_input(manifest, tmp_path, change, message):
    (tmp_path / "m.json").write_text(change(manifest.to_json()))
    with pytest.raises(InputRejected, match=message):
        read_manifest(tmp_path / "m.json")


def test_a_missing_manifest_says_what_writes_one(tmp_path):
    with pytest.raises(InputRejected, match="`malsori preprocess` writes one"):
        read_manifest(tmp_path / "m.json")
