import pytest
from handoff_data import Person, splits_of
from small_corpus import manifest_content, rows_by_id

TALKERS = [Person(f"s{number}", 2) for number in range(20)]


def test_a_speaker_is_in_one_split_only_and_nothing_is_lost(make, malsori, tmp_path):
    whole, output = make("radio", TALKERS), tmp_path / "split.json"
    assert malsori("split", whole, "-o", output, "--valid", 0.25, "--test", 0.25).exit_code == 0
    found = splits_of(output)
    assert {frozenset(value) for value in found.values()} == {
        frozenset({split}) for split in ("train", "valid", "test")
    }
    assert rows_by_id(output) == rows_by_id(whole)
    statistics = "counts", "statistics", "settings", "sources", "vocabulary", "name"
    assert {key: manifest_content(output)[key] for key in statistics} == {
        key: manifest_content(whole)[key] for key in statistics
    }
    assert malsori("verify", output, "--deep").exit_code == 0


def test_one_shard_is_in_several_splits_without_being_rewritten(make, malsori, tmp_path):
    whole, output = make("radio", TALKERS), tmp_path / "split.json"
    malsori("split", whole, "-o", output, "--valid", 0.5)
    shards = manifest_content(output)["shards"]
    assert {shard["path"] for shard in shards} == {"train-00000.arrow"}
    assert [shard["split"] for shard in shards] == ["train", "valid"]
    rows = [row for shard in shards for start, end in shard["ranges"] for row in range(start, end)]
    assert sorted(rows) == list(range(40))


def test_the_seed_changes_who_is_picked_and_nothing_else_does(make, malsori, tmp_path):
    whole = make("radio", TALKERS)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        malsori("split", whole, "-o", tmp_path / f"{name}.json", "--valid", 0.5, "--seed", seed)
    a, b, c = (splits_of(tmp_path / f"{name}.json") for name in "abc")
    assert a == b
    assert a != c


def test_utterances_without_a_speaker_are_split_one_by_one_and_history_says_so(make, malsori, tmp_path):
    whole, output = make("phone", [Person("a", 4), Person(None, 40)]), tmp_path / "split.json"
    assert malsori("split", whole, "-o", output, "--valid", 0.5).exit_code == 0
    found = splits_of(output)
    assert len(found["phone/a"]) == 1
    alone = [value for name, value in found.items() if name != "phone/a"]
    assert len(alone) == 40
    assert {"train"} in alone
    assert {"valid"} in alone
    (line,) = manifest_content(output)["history"]
    assert line.endswith("40 utterances name no speaker and were split by utterance")


def test_by_utterance_cuts_speakers_apart(make, malsori, tmp_path):
    malsori("split", make("radio", [Person("a", 40)]), "-o", tmp_path / "s.json", "--valid", 0.5,
            "--by", "utterance")  # fmt: skip
    assert splits_of(tmp_path / "s.json") == {"radio/a": {"train", "valid"}}


def test_named_speakers_go_where_they_are_sent(make, malsori, tmp_path):
    malsori("split", make("radio", TALKERS), "-o", tmp_path / "s.json", "--valid-speaker", "s3",
            "--test-speaker", "radio/s4")  # fmt: skip
    found = splits_of(tmp_path / "s.json")
    assert (found.pop("radio/s3"), found.pop("radio/s4")) == ({"valid"}, {"test"})
    assert all(value == {"train"} for value in found.values())


def test_the_split_of_a_split_is_that_of_the_whole(make, malsori, tmp_path):
    whole = make("radio", TALKERS)
    malsori("split", whole, "-o", tmp_path / "once.json", "--valid", 0.5)
    malsori("split", whole, "-o", tmp_path / "first.json", "--test", 0.7)
    malsori("split", tmp_path / "first.json", "-o", tmp_path / "twice.json", "--valid", 0.5)
    assert splits_of(tmp_path / "twice.json") == splits_of(tmp_path / "once.json")
    assert len(manifest_content(tmp_path / "twice.json")["history"]) == 2


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--valid", 0.7, "--test", 0.7], 3, "must not exceed 1"),
        (["--valid-speaker", "a", "--test-speaker", "a"], 3, "in both"),
        (["--valid", 1.5], 2, "--valid"),
        (["--test-speaker", "nobody"], 3, "no speaker 'nobody' here"),
        (["--seed", -1], 2, "--seed"),
        (["-o", "train-00000.arrow"], 3, "ends in .json"),
    ],
)
def test_what_cannot_be_split_is_one_clear_line(make, malsori, tmp_path, options, code, message):
    whole = make("radio", [Person("a", 2)])
    result = malsori("split", whole, "-o", tmp_path / "s.json", *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert not (tmp_path / "s.json").exists()


def test_views_of_one_name_in_different_folders_leave_each_other_alone(make, malsori, tmp_path):
    """Their dropped lists lie in one folder, that of the shards."""
    whole = make("radio", TALKERS)
    views = [whole, *(tmp_path / f"view{number}" / "radio.json" for number in range(3))]
    for number, view in enumerate(views[1:]):
        malsori("filter", whole, f"num_phones > {number + 1}", "-o", view)
    assert [malsori("verify", view, "--deep").exit_code for view in views] == [0] * 4


def test_a_manifest_may_be_replaced_by_its_own_split(make, malsori):
    whole = make("radio", TALKERS)
    for _ in range(2):
        assert malsori("split", whole, "-o", whole, "--valid", 0.5).exit_code == 0
        assert malsori("verify", whole, "--deep").exit_code == 0
