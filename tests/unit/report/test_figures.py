import pytest
from edited_dataset import edit_dataset
from small_corpus import rows_by_id

from pipeline.contract.opened import open_manifest
from pipeline.report.figures import SeededSample, gather_figures


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
    figures = gather_figures(opened, samples=5, seed=0)
    assert figures.num_rows == 21
    assert figures.seconds == statistics.seconds_out
    assert figures.phones == statistics.phone_counts
    assert figures.by_name["silence_removed_s"].sum() == pytest.approx(statistics.silence_removed_s)
    assert figures.by_name["duration_s"].max() == statistics.longest_s
    assert {split: amount.utterances for split, amount in figures.splits.items()} == {"train": 17, "valid": 4}
    assert (figures.speakers, figures.num_unnamed) == ({}, 21)
    assert len(figures.sample) == 5


def test_characters_are_those_of_the_texts(dataset):
    figures = gather_figures(open_manifest(dataset), samples=0, seed=0)
    texts = [row["text"] for row in rows_by_id(dataset).values()]
    assert figures.characters["날"] == sum(text.count("날") for text in texts) > 0
    assert figures.characters.total() == sum(map(len, texts))


def test_a_position_leads_to_its_row(dataset):
    opened = open_manifest(dataset)
    figures = gather_figures(opened, samples=0, seed=0)
    for position, duration_s in enumerate(figures.by_name["duration_s"]):
        shard, row = figures.locate(position)
        lengths = opened.rows(opened.manifest.shards[shard]).column("num_samples")
        assert lengths[row].as_py() / 16_000 == duration_s


def test_only_the_rows_of_a_view_count(dataset, malsori, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: row)
    view = tmp_path / "copy" / "view.json"
    assert malsori("filter", copy, "duration_s < 3", "-o", view).exit_code == 0
    figures = gather_figures(open_manifest(view), samples=100, seed=0)
    expected = [row for row in rows_by_id(dataset).values() if row["num_samples"] < 48_000]
    assert figures.num_rows == len(expected) == len(figures.sample)


def test_a_speaker_in_two_splits_is_known(dataset, tmp_path):
    copy = edit_dataset(dataset, tmp_path / "copy", lambda row: {**row, "speaker": "kspon/1"})
    figures = gather_figures(open_manifest(copy), samples=0, seed=0)
    assert figures.speakers["kspon/1"].splits == {"train", "valid"}
    assert figures.speakers["kspon/1"].amount.utterances == 21
