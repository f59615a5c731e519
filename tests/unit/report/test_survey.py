import numpy as np
import pytest
from edited_dataset import edit_dataset
from small_corpus import rows_by_id

from pipeline.contract.opened import open_manifest
from pipeline.report.figures import SeededSample, take_survey
from pipeline.report.suspicion import find_suspicions, rows_without_measurement


class TestSample:
    def pick(self, keys, *, size=5, seed=0):
        sample = SeededSample(size, seed=seed)
        for key in keys:
            sample.add(key, key)
        return sample.items()

    def test_the_order_in_which_items_come_does_not_matter(self):
        keys = [f"id/{number}" for number in range(100)]
        assert set(self.pick(keys)) == set(self.pick(keys[::-1]))

    def test_items_keep_the_order_in_which_they_came(self):
        keys = [f"id/{number:03}" for number in range(100)]
        assert self.pick(keys) == sorted(self.pick(keys))

    def test_a_new_item_pushes_out_one_at_most(self):
        keys = [f"id/{number}" for number in range(100)]
        assert len(set(self.pick(keys)) & set(self.pick([*keys, "new"]))) >= 4

    def test_another_seed_picks_others(self):
        keys = [f"id/{number}" for number in range(100)]
        assert self.pick(keys, seed=1) != self.pick(keys)

    def test_few_items_are_all_picked_and_equal_keys_do_no_harm(self):
        assert self.pick(["a", "a", "b"]) == ["a", "a", "b"]
        assert self.pick(["a", "b"], size=0) == []


def test_figures_are_those_of_the_manifest(dataset):
    opened = open_manifest(dataset)
    statistics = opened.manifest.statistics
    survey = take_survey(opened, samples=5, seed=0)
    assert survey.num_rows == 21
    assert survey.seconds == statistics.seconds_out
    assert survey.phones == statistics.phone_counts
    assert survey.figures["silence_removed_s"].sum() == pytest.approx(statistics.silence_removed_s)
    assert survey.figures["duration_s"].max() == statistics.longest_s
    assert {split: share.utterances for split, share in survey.splits.items()} == {"train": 17, "valid": 4}
    assert (survey.speakers, survey.num_unnamed) == ({}, 21)
    assert len(survey.sample) == 5


def test_characters_are_those_of_the_texts(dataset):
    survey = take_survey(open_manifest(dataset), samples=0, seed=0)
    texts = [row["text"] for row in rows_by_id(dataset).values()]
    assert survey.characters["날"] == sum(text.count("날") for text in texts) > 0
    assert survey.characters.total() == sum(map(len, texts))


def test_a_position_leads_to_its_row(dataset):
    opened = open_manifest(dataset)
    survey = take_survey(opened, samples=0, seed=0)
    for position, duration_s in enumerate(survey.figures["duration_s"]):
        shard, row = survey.locate(position)
        lengths = opened.rows(opened.manifest.shards[shard]).column("num_samples")
        assert lengths[row].as_py() / 16_000 == duration_s


def test_only_the_rows_of_a_view_count(dataset, malsori, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: row)
    view = tmp_path / "copy" / "view.json"
    assert malsori("filter", copy, "duration_s < 3", "-o", view).exit_code == 0
    survey = take_survey(open_manifest(view), samples=100, seed=0)
    expected = [row for row in rows_by_id(dataset).values() if row["num_samples"] < 48_000]
    assert survey.num_rows == len(expected) == len(survey.sample)


def test_a_speaker_in_two_splits_is_known(dataset, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: {**row, "speaker": "kspon/1"})
    survey = take_survey(open_manifest(copy), samples=0, seed=0)
    assert survey.speakers["kspon/1"].splits == {"train", "valid"}
    assert survey.speakers["kspon/1"].utterances == 21


def change_measurements(dataset, folder, values):
    """The dataset with `values` (column of `measurements`, by number of the row) changed."""
    names = iter(range(100))

    def change(row):
        changed = values.get(next(names), {})
        return {**row, "measurements": {**row["measurements"], **changed}}

    return take_survey(open_manifest(edit_dataset(dataset, folder, change)), samples=0, seed=0)


def test_the_most_suspicious_come_first(dataset, tmp_path):
    values = {
        2: {"speech_level_db": -45.0}, 4: {"speech_level_db": -60.0}, 6: {"peak": 1.0}, 7: {"peak": 1.5},
    }  # fmt: skip
    survey = change_measurements(dataset, tmp_path / "copy", values)
    fast, slow, clipped, quiet = find_suspicions(survey)
    assert quiet.rows.tolist() == [4, 2]
    assert clipped.rows.tolist() == [7, 6]
    rate = survey.figures["phones_per_second"]
    assert set(slow.rows) == set(np.flatnonzero(rate < 4))
    assert (np.diff(rate[slow.rows]) >= 0).all()
    assert set(fast.rows) == set(np.flatnonzero(rate > 20))


def test_measurements_that_are_no_numbers_are_counted_not_ranked(dataset, tmp_path):
    values = {
        1: {"peak": float("nan"), "noise_floor_db": float("inf")},
        3: {"speech_level_db": float("nan")},
    }
    survey = change_measurements(dataset, tmp_path / "copy", values)
    assert rows_without_measurement(survey) == 2
    assert all(not {1, 3} & set(find.rows.tolist()) for find in find_suspicions(survey)[2:])
