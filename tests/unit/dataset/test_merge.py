import itertools
import json
import shutil
from pathlib import Path

import pytest
from edited_dataset import edit_manifest
from handoff_data import FLAC, Person
from small_corpus import manifest_content, rows_by_id, shard_bytes
from table_corpus import TEXT, make_recording, table_arguments, write_table

from pipeline.contract.manifest import DroppedLine, VocabularyRecord
from pipeline.contract.reasons import Reason, Stage
from pipeline.contract.vocabulary import Vocabulary
from pipeline.settings import PipelineSettings

LOST = [
    DroppedLine(id=f"x/{number}", stage=Stage.AUDIO, reason=Reason.EMPTY_AUDIO, detail="")
    for number in range(2)
]
OTHER_SETTINGS = PipelineSettings.from_tables({"silence": {"longest_s": 2.0}})


SHARDS = "train-00000.arrow", "valid-00000.arrow"


def merged_ids(manifest: Path) -> set[str]:
    return set(rows_by_id(manifest))


def test_parts_of_a_run_merge_into_the_bytes_that_one_box_would_have_written(dataset, gathered, malsori):
    parts = gathered()
    assert [json.loads(part.read_text())["part"]["number"] for part in parts] == [1, 2, 3]
    whole = parts[0].parent / "small.json"
    result = malsori("merge", *parts, "-o", whole)
    assert result.exit_code == 0, result.output
    merged, made = json.loads(whole.read_text()), json.loads(dataset.read_text())
    assert json.dumps(merged | {"run": None}) == json.dumps(made | {"run": None})
    files, expected = shard_bytes(whole), shard_bytes(dataset)
    for name in (*SHARDS, "small.dropped.jsonl", "state.json", "dataset_info.json"):
        assert files[name] == expected[name]
    assert malsori("verify", whole, "--deep").exit_code == 0


def test_the_order_of_the_parts_does_not_matter(gathered, malsori):
    parts = gathered()
    texts = []
    for number, order in enumerate(itertools.permutations(parts)):
        output = parts[0].parent / f"merged{number}" / "small.json"
        assert malsori("merge", *order, "-o", output).exit_code == 0
        texts.append(manifest_content(output))
    assert all(text == texts[0] for text in texts)


def test_a_part_with_nothing_to_do_is_no_failure(boxes):
    counts = [json.loads(part.read_text())["counts"]["read"] for part in boxes]
    assert counts == [20, 4, 0]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [((1, 2), "part 3 of 3 is missing"), ((3,), "part 1, 2 of 3 is missing")],
)
def test_a_missing_part_is_named(gathered, malsori, tmp_path, numbers, message):
    result = malsori("merge", *gathered(*numbers), "-o", tmp_path / "m.json")
    assert result.exit_code == 3
    assert message in result.stderr
    assert not (tmp_path / "m.json").exists()


def test_a_part_given_twice_is_named(gathered, malsori, tmp_path):
    parts = gathered()
    result = malsori("merge", *parts, parts[1], "-o", tmp_path / "m.json")
    assert result.exit_code == 3
    assert "part 2 of 3 is given 2 times" in result.stderr


def test_parts_are_merged_with_each_other_before_anything_else(gathered, copied, malsori, tmp_path):
    result = malsori("merge", *gathered(), copied, "-o", tmp_path / "m.json")
    assert result.exit_code == 3
    assert "merge the parts of the run first" in result.stderr


def test_a_part_that_was_split_or_filtered_says_that_it_is_one(gathered, malsori):
    part = gathered(1)[0]
    output = part.parent / "some.json"
    assert malsori("filter", part, "num_phones > 20", "-o", output).exit_code == 0
    assert manifest_content(output)["history"][0] == "part 1 of 3 of a run"
    assert manifest_content(output)["part"] is None


def test_corpora_merge_and_their_counts_add_up(make, malsori, tmp_path):
    radio = make("radio", [Person("a", 3), Person("b", 2, "valid")], dropped=LOST)
    phone = make("phone", [Person("a", 4), Person(None, 1)], dropped=LOST[:1])
    output = tmp_path / "both.json"
    assert malsori("merge", radio, phone, "-o", output).exit_code == 0
    both = manifest_content(output)
    assert both["counts"] == {"read": 13, "kept": 10, "dropped": {"empty_audio": 3}}
    assert both["name"] == "both"
    assert both["history"] == ["merged from phone, radio"]
    assert {source["corpus"]["name"] for source in both["sources"]} == {"radio", "phone"}
    assert {name: speaker["utterances"] for name, speaker in both["statistics"]["speakers"].items()} == {
        "phone/a": 4, "radio/a": 3, "radio/b": 2,
    }  # fmt: skip
    assert merged_ids(output) == merged_ids(radio) | merged_ids(phone)
    assert malsori("verify", output, "--deep").exit_code == 0


def test_merging_commutes(make, malsori, tmp_path):
    manifests = [make(name, [Person("a", 2)], dropped=LOST) for name in ("one", "two", "three")]
    outputs = []
    for order in itertools.permutations(manifests):
        assert malsori("merge", *order, "-o", tmp_path / "m.json").exit_code == 0
        outputs.append(manifest_content(tmp_path / "m.json"))
    assert all(output == outputs[0] for output in outputs)


def test_an_utterance_that_is_in_both_is_kept_once_and_counted(make, malsori, tmp_path):
    one = make("one", [Person("a", 3)])
    again = shutil.copytree(one.parent, tmp_path / "again") / "one.json"
    edit_manifest(again, lambda content: content["sources"][0].update(listing_sha256="1" * 64))
    assert malsori("merge", one, again, "-o", tmp_path / "m.json").exit_code == 0
    counts = manifest_content(tmp_path / "m.json")["counts"]
    assert counts == {"read": 6, "kept": 3, "dropped": {"duplicate_id": 3}}
    assert merged_ids(tmp_path / "m.json") == merged_ids(one)
    lines = (tmp_path / manifest_content(tmp_path / "m.json")["dropped"]["path"]).read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["one/a/0000", "one/a/0001", "one/a/0002"]
    assert malsori("verify", tmp_path / "m.json", "--deep").exit_code == 0


def test_a_part_of_a_shard_that_is_new_is_kept(make, malsori, tmp_path):
    one = make("one", [Person("a", 4)])
    assert malsori("filter", one, "id == 'one/a/0002'", "-o", one.parent / "first.json").exit_code == 0
    assert malsori("merge", one.parent / "first.json", one, "-o", tmp_path / "m.json").exit_code == 0
    # What one of them filtered out, the other one keeps: it is not dropped.
    assert manifest_content(tmp_path / "m.json")["counts"] == {
        "read": 5, "kept": 4, "dropped": {"duplicate_id": 1},
    }  # fmt: skip


def test_other_vocabularies_are_refused(make, malsori, tmp_path):
    one = make("one", [Person("a", 1)])
    other = make("other", [Person("a", 1)])
    symbols = VocabularyRecord.of(Vocabulary("ko-2", "ko", tuple("abcdefghijklmnopqrstuvwxyz" * 2)[:26]))
    edit_manifest(other, lambda content: content.update(vocabulary=symbols.model_dump(mode="json")))
    result = malsori("merge", one, other, "-o", tmp_path / "m.json", "--mixed-settings")
    assert result.exit_code == 3
    assert "other.json has the vocabulary 'ko-2'" in result.stderr


def test_other_settings_are_refused_unless_told(make, malsori, tmp_path):
    one = make("one", [Person("a", 1)])
    other = make("other", [Person("a", 2)], settings=OTHER_SETTINGS)
    result = malsori("merge", one, other, "-o", tmp_path / "m.json")
    assert result.exit_code == 3
    assert "--mixed-settings" in result.stderr
    assert "--diff" in result.stderr
    assert malsori("merge", one, other, "-o", tmp_path / "m.json", "--mixed-settings").exit_code == 0
    merged = manifest_content(tmp_path / "m.json")
    longest = [record["values"]["silence"]["longest_s"] for record in merged["settings"]]
    assert sorted(longest) == [2.0, 3.0]
    assert {shard["path"].split("/")[0]: longest[shard["settings"]] for shard in merged["shards"]} == {
        "one": 3.0, "other": 2.0,
    }  # fmt: skip
    assert malsori("verify", tmp_path / "m.json", "--deep").exit_code == 0


def test_other_versions_are_other_settings(make, malsori, tmp_path):
    one, other = make("one", [Person("a", 1)]), make("other", [Person("a", 1)])
    edit_manifest(other, lambda content: content["settings"][0]["versions"].update(g2pk="9"))
    assert malsori("merge", one, other, "-o", tmp_path / "m.json").exit_code == 3


def test_pcm_and_flac_shards_merge_and_stay_mixed(make, malsori, tmp_path):
    one = make("one", [Person("a", 2)])
    other = make("other", [Person("a", 2)], settings=PipelineSettings(shards=FLAC))
    mixed = tmp_path / "m.json"
    assert malsori("merge", one, other, "-o", mixed, "--mixed-settings").exit_code == 0
    assert malsori("verify", mixed, "--deep").exit_code == 0
    result = malsori("merge", mixed, mixed, "-o", tmp_path / "again.json")
    assert result.exit_code == 3
    assert "m.json itself joins shards made with different settings" in result.stderr


def test_history_is_kept_in_order_for_each_of_them(make, malsori, tmp_path):
    one, two = make("one", [Person("a", 4), Person("b", 4)]), make("two", [Person("c", 4)])
    steps = one.parent / "steps.json"
    assert malsori("split", one, "-o", steps, "--valid", 0.5).exit_code == 0
    assert malsori("filter", steps, "num_phones > 1", "-o", steps).exit_code == 0
    assert malsori("merge", two, steps, "-o", tmp_path / "m.json").exit_code == 0
    history = manifest_content(tmp_path / "m.json")["history"]
    assert [line.split()[:2] for line in history] == [
        ["one:", "split"], ["one:", "filtered"], ["merged", "from"],
    ]  # fmt: skip


def test_the_merged_folder_can_be_moved_as_a_whole(make, malsori, tmp_path):
    tree = tmp_path / "tree"
    for name in ("one", "two"):
        shutil.move(make(name, [Person("a", 2)]).parent, tree / name)
    manifests = tree / "one" / "one.json", tree / "two" / "two.json"
    assert malsori("merge", *manifests, "-o", tree / "m.json").exit_code == 0
    moved = shutil.move(tree, tmp_path / "elsewhere")
    assert malsori("verify", Path(moved) / "m.json", "--deep").exit_code == 0


def test_moved_shards_are_merged_with_root(gathered, malsori):
    parts = gathered()
    folder = parts[0].parent
    shutil.move(folder / "shards", folder / "disk")
    result = malsori("merge", *parts, "-o", folder / "small.json")
    assert result.exit_code == 5
    assert "train-00000.arrow is missing" in result.stderr
    assert malsori("merge", *parts, "-o", folder / "small.json", "--root", folder / "disk").exit_code == 0
    assert malsori("verify", folder / "small.json").exit_code == 0


def test_two_recordings_of_one_id_are_never_taken_for_one(malsori, tmp_path):
    manifests = []
    for seed, name in enumerate(("one", "copy", "two")):
        raw = tmp_path / name / "raw"
        row = (make_recording(raw, "a.wav", seed=seed // 2), TEXT, "s", "a")
        write_table(raw / "train.csv", [row])
        assert malsori(*table_arguments(raw, tmp_path / name)).exit_code == 0
        manifests.append(tmp_path / name / "m.json")
    one, copy, two = manifests
    assert malsori("merge", one, copy, "-o", tmp_path / "same.json").exit_code == 0
    assert json.loads((tmp_path / "same.json").read_text())["counts"]["dropped"] == {"duplicate_id": 1}
    refused = malsori("merge", one, two, "-o", tmp_path / "both.json")
    assert refused.exit_code == 3
    assert "two recordings table/s/a" in refused.stderr
    assert not (tmp_path / "both.json").exists()


def test_more_speakers_than_can_be_read_back_are_refused_when_they_are_written(
    make, malsori, tmp_path, monkeypatch
):
    monkeypatch.setattr("pipeline.contract.manifest_file.MAX_KEYS", 50)
    monkeypatch.setattr("pipeline.contract.manifest_file.MAX_SPEAKERS", 60)
    one, two = (make(name, [Person(f"{name}{n}", 1) for n in range(40)]) for name in ("a", "b"))
    result = malsori("merge", one, two, "-o", tmp_path / "m.json")
    assert result.exit_code == 3
    assert "an object of 80 keys" in result.stderr
    assert not list(tmp_path.glob("m.*"))
