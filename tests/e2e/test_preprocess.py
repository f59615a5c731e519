"""The pipeline as a user meets it: raw corpus in, shards and manifest out."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import datasets
import pytest
from small_corpus import manifest_content, preprocess_arguments, rows_by_id, shard_bytes

from pipeline.job.plan import Task, TaskContext
from pipeline.job.records import TaskRecord
from pipeline.job.retry import finish_task


def test_every_utterance_is_kept_or_dropped_with_its_reason(dataset):
    counts = manifest_content(dataset)["counts"]
    assert counts == {
        "read": 24,
        "kept": 21,
        "dropped": {"empty_audio": 1, "missing_audio": 1, "transcript_too_short": 1},
    }
    lines = [
        json.loads(line)
        for line in (dataset.parent / "shards" / "small.dropped.jsonl").read_text().splitlines()
    ]
    assert [(line["id"], line["reason"]) for line in lines] == [
        ("kspon/KsponSpeech_000003", "transcript_too_short"),
        ("kspon/KsponSpeech_000005", "missing_audio"),
        ("kspon/KsponSpeech_000007", "empty_audio"),
    ]
    assert len(rows_by_id(dataset)) == 21


def test_the_corpus_own_split_is_kept(dataset):
    assert {row["split"] for row in rows_by_id(dataset).values()} == {"train", "valid"}
    assert (
        sum(shard["rows"] for shard in manifest_content(dataset)["shards"] if shard["split"] == "valid") == 4
    )


def test_labels_come_from_what_was_said_and_the_spelling_is_kept(dataset):
    row = rows_by_id(dataset)["kspon/KsponSpeech_000012"]
    assert row["text"] == "아 그래서 저는 3명이 왔다고 했어요"
    assert row["spoken"] == "아 그래서 저는 세 명이 왔다고 했어요"
    assert row["ipa"].startswith("ɑ ɡ ɯ ɾ ɛ s ʌ dʑ ʌ n ɯ n s ɛ m jʌ ŋ")


def test_a_five_second_pause_becomes_one_and_the_spans_say_which_samples_remain(dataset):
    row = rows_by_id(dataset)["kspon/KsponSpeech_000006"]
    assert row["source"]["length"] == (2.5 * 2 + 5) * 16_000
    assert row["num_samples"] == pytest.approx((2.5 * 2 + 1) * 16_000, abs=16_000 * 0.3)
    (first, second) = row["kept"]
    assert first["start"] == 0
    assert second["end"] == row["source"]["length"]
    assert second["start"] - first["end"] == pytest.approx(4 * 16_000, abs=16_000 * 0.3)


def test_hugging_face_maps_the_shards_without_copying_them(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = dataset.parent / "shards"
    opened = datasets.load_from_disk(str(folder))
    assert len(opened) == 21
    assert opened.features["labels"] == datasets.List(datasets.Value("uint8"))
    assert isinstance(opened.features["audio"], datasets.Audio)
    assert {Path(file["filename"]).parent for file in opened.cache_files} == {folder}
    assert not (tmp_path / "cache").exists()
    assert set(opened.with_format("arrow")["id"].to_pylist()) == set(rows_by_id(dataset))


def test_one_worker_and_two_give_the_same_bytes(dataset, kspon_corpus, malsori, tmp_path):
    result = malsori(*preprocess_arguments(kspon_corpus, tmp_path), "--jobs", 2)
    assert result.exit_code == 0, result.output
    assert shard_bytes(tmp_path / "small.json") == shard_bytes(dataset)
    assert manifest_content(tmp_path / "small.json") == manifest_content(dataset)


@pytest.fixture
def finished(dataset, kspon_corpus, tmp_path):
    """The command that made a dataset, of which a copy lies in `tmp_path`: what it makes is there."""
    shutil.copytree(dataset.parent, tmp_path, dirs_exist_ok=True)
    return preprocess_arguments(kspon_corpus, tmp_path)


def test_finished_shards_are_only_checked_and_changed_or_unwanted_ones_made_again(
    finished, malsori, tmp_path
):
    shards = sorted((tmp_path / "shards").glob("*.arrow"))
    written = [path.stat().st_mtime_ns for path in shards]
    again = malsori(*finished)
    assert [path.stat().st_mtime_ns for path in shards] == written
    assert "2 of 2 shards are already finished; only their hashes are checked" in again.stderr
    assert "2, 2 of them from before" in again.stdout
    assert "real time" not in again.stdout
    fresh = malsori(*finished, "--fresh")
    assert "already finished" not in fresh.stderr
    assert [path.stat().st_mtime_ns for path in shards] != written
    changed = malsori(*finished, "--set", "silence.longest_s=2.5")
    assert "2 are made again: settings, versions or recordings have changed" in changed.stderr


@pytest.mark.parametrize("change", ["setting", "input", "shard"])
def test_a_changed_setting_input_or_shard_is_never_reused(kspon_corpus, malsori, finished, tmp_path, change):
    before = shard_bytes(tmp_path / "small.json")
    if change == "setting":
        finished += ["--set", "denoise.engine=off"]
    elif change == "input":
        corpus = shutil.copytree(kspon_corpus, tmp_path / "corpus")
        pcm = next(corpus.rglob("KsponSpeech_000001.pcm"))
        pcm.write_bytes(pcm.read_bytes()[::-1])
        finished = preprocess_arguments(corpus, tmp_path)
    else:
        shard = tmp_path / "shards" / "train-00000.arrow"
        shard.write_bytes(shard.read_bytes()[:-1] + b"\x01")
    assert malsori(*finished).exit_code == 0
    after = shard_bytes(tmp_path / "small.json")
    assert (after == before) == (change == "shard")
    assert malsori("verify", tmp_path / "small.json", "--deep").exit_code == 0


@pytest.mark.parametrize("shards_made", [0, 1])
def test_a_manifest_lives_as_long_as_the_shards_it_describes(
    finished, malsori, tmp_path, monkeypatch, shards_made
):
    def interrupted(tasks: Sequence[Task], context: TaskContext, **_: object) -> Iterator[TaskRecord]:
        for task in tasks[:shards_made]:
            yield finish_task(task, context)
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.job.run.run_tasks", interrupted)
    assert malsori(*finished, "--set", "silence.enabled=false").exit_code == 130
    assert (tmp_path / "small.json").exists() == (shards_made == 0)
    assert (tmp_path / "shards" / "state.json").exists() == (shards_made == 0)
    if not shards_made:
        assert malsori("verify", tmp_path / "small.json", "--deep").exit_code == 0


def test_a_folder_holds_the_shards_of_one_manifest_and_is_not_taken_over(finished, malsori, tmp_path):
    before = shard_bytes(tmp_path / "small.json")
    other = [tmp_path / "other.json" if value == tmp_path / "small.json" else value for value in finished]
    result = malsori(*other, "--set", "denoise.engine=off")
    assert result.exit_code == 3
    assert f"holds the shards of {tmp_path / 'small.json'} (kspon)" in result.stderr
    assert shard_bytes(tmp_path / "small.json") == before
    assert malsori(*other, "--set", "denoise.engine=off", "--fresh").exit_code == 0
    assert malsori("verify", tmp_path / "other.json").exit_code == 0


def test_arrow_files_that_are_not_ours_are_left_alone(kspon_corpus, malsori, tmp_path):
    theirs = tmp_path / "shards" / "data-00000.arrow"
    theirs.parent.mkdir()
    theirs.write_bytes(b"somebody's data")
    result = malsori(*preprocess_arguments(kspon_corpus, tmp_path))
    assert result.exit_code == 3
    assert "holds files that no run made there (data-00000.arrow)" in result.stderr
    assert theirs.read_bytes() == b"somebody's data"


def test_a_dry_run_writes_nothing(kspon_corpus, malsori, tmp_path):
    result = malsori(*preprocess_arguments(kspon_corpus, tmp_path), "--dry-run")
    assert result.exit_code == 0
    assert "24 utterances" in result.stdout
    assert "1 worker at low priority, up to 400 MB each, roughly 0:00:00 on a machine like" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_time_said_beforehand_is_shared_by_the_jobs(kspon_corpus, malsori, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.job.forecast.SPEEDS", {"gate": 0.01})
    said = [
        malsori(*preprocess_arguments(kspon_corpus, tmp_path), "--dry-run", "--jobs", jobs).stdout
        for jobs in (1, 2)
    ]
    one, two = (re.search(r"roughly (\d+):(\d\d):(\d\d)", line).groups() for line in said)
    seconds = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in (one, two)]
    assert seconds[0] > 1000
    assert abs(seconds[0] - 2 * seconds[1]) <= 2


def test_too_many_dropped_is_exit_4_with_everything_written(finished, malsori, tmp_path):
    result = malsori(*finished, "--max-dropped", "0.1")
    assert result.exit_code == 4
    assert "3 of 24 utterances were dropped" in result.stderr
    assert malsori("verify", tmp_path / "small.json").exit_code == 0


@pytest.mark.parametrize(
    ("extra", "code", "message"),
    [
        (["--set", "silence.longst_s=2"], 3, "did you mean 'silence.longest_s'"),
        (["--set", "silence.longest_s=abc"], 3, "setting silence.longest_s = 'abc'"),
        (["--preset", "nonesuch.toml"], 3, "no settings file at nonesuch.toml"),
        (["--limit", "0"], 2, "--limit"),
        (["--jobs", "none"], 2, "--jobs"),
    ],
)
def test_bad_settings_are_one_clear_line(kspon_corpus, malsori, tmp_path, extra, code, message):
    result = malsori(*preprocess_arguments(kspon_corpus, tmp_path), *extra)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", ["missing", "empty", "foreign"])
def test_a_folder_that_is_not_the_corpus_is_one_clear_line(malsori, tmp_path, make):
    corpus = tmp_path / "raw"
    if make != "missing":
        corpus.mkdir()
    if make == "foreign":
        (corpus / "notes.doc").write_text("no corpus")
    result = malsori(*preprocess_arguments(corpus, tmp_path))
    assert result.exit_code == 3
    assert str(corpus) in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "small.json").exists()
    assert not (tmp_path / "shards").exists()


def test_the_raw_corpus_is_never_written_to(kspon_corpus, malsori):
    result = malsori(
        "preprocess", kspon_corpus, "--corpus", "kspon", "--out", kspon_corpus / "out",
        "--manifest", kspon_corpus.parent / "m.json",
    )  # fmt: skip
    assert result.exit_code == 3
    assert "lies inside the raw corpus" in result.stderr
    assert not (kspon_corpus / "out").exists()
