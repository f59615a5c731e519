"""What a run may replace and remove; a kill before any change on the disk loses nothing."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from small_corpus import manifest_content, shard_bytes
from table_corpus import make_table_corpus, table_arguments

from pipeline.job.retry import finish_task

CHANGING = ("unlink", "replace", "rename")
"""Everything that a run changes under a final name goes through these methods of Path."""


class Killed(BaseException):
    """A process that is killed runs no `except Exception`."""


class Disk:
    """Counts the changes on the disk, and lets none happen from a given one on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.dies_at: int | None = None
        for name in CHANGING:
            monkeypatch.setattr(Path, name, self._guard(getattr(Path, name)))

    def _guard(self, change):
        def guarded(*arguments, **options):
            if self.count == self.dies_at:
                raise Killed
            self.count += 1
            return change(*arguments, **options)

        return guarded


@pytest.fixture
def disk(monkeypatch) -> Disk:
    """The disk of a run whose tasks are done in this process."""

    def in_this_process(tasks, context, **_):
        return (finish_task(task, context) for task in tasks)

    monkeypatch.setattr("pipeline.job.run.run_tasks", in_this_process)
    return Disk(monkeypatch)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    return make_table_corpus(tmp_path_factory.mktemp("table") / "raw", utterances=4)


@pytest.fixture(scope="module")
def grown_corpus(corpus, tmp_path_factory) -> Path:
    """The same with a second split."""
    grown = shutil.copytree(corpus, tmp_path_factory.mktemp("grown") / "raw")
    return make_table_corpus(grown, utterances=3, split="test")


@pytest.fixture(scope="module")
def made(corpus, malsori, tmp_path_factory) -> Path:
    """A folder with a finished dataset, not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    result = malsori(*table_arguments(corpus, folder))
    assert result.exit_code == 0, result.output
    return folder


def copy(made: Path, folder: Path) -> Path:
    return shutil.copytree(made, folder, dirs_exist_ok=True)


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for locks."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


CASES = {
    "nothing new": ("corpus", ()),
    "more recordings": ("grown_corpus", ()),
    "other settings": ("corpus", ("--set", "shards.audio=flac")),
    "other settings, more recordings": ("grown_corpus", ("--set", "shards.audio=flac")),
    "from scratch": ("corpus", ("--fresh",)),
    "less, from scratch": ("corpus", ("--fresh", "--limit", "2")),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_before_any_change_a_run_leaves_a_true_manifest_or_none_and_goes_on(
    case, made, disk, malsori, tmp_path, request
):
    source, extra = CASES[case]
    raw = request.getfixturevalue(source)
    whole = copy(made, tmp_path / "whole")
    disk.count = 0
    assert malsori(*table_arguments(raw, whole), *extra).exit_code == 0
    changes = disk.count
    assert changes > 3
    for number in range(changes):
        folder = copy(made, tmp_path / f"killed-{number}")
        disk.count, disk.dies_at = 0, number
        with pytest.raises(Killed):
            malsori(*table_arguments(raw, folder), *extra)
        disk.dies_at = None
        manifest, stands = folder / "m.json", (folder / "m.json").exists()
        if stands:
            assert malsori("verify", manifest).exit_code == 0, f"killed before change {number}"
        if case == "nothing new":
            assert stands
        elif case == "other settings":  # until the new shard is whole
            assert stands or number > 2
        elif case == "more recordings":  # the old dataset stays until the new shard is there
            assert stands or (folder / "shards" / "test-00000.arrow").exists()
        assert malsori(*table_arguments(raw, folder), *extra).exit_code == 0
        assert shard_bytes(manifest) == shard_bytes(whole / "m.json")
        assert manifest_content(manifest) == manifest_content(whole / "m.json")
        shutil.rmtree(folder)


ALL_TEST = ("--set", "split.by=utterance", "--set", "split.test=1.0")
FOREIGN = {
    "fewer utterances": (("--limit", "2"), "describes 4 utterances, this command reads 2"),
    "shards that it would not make": (ALL_TEST, "would not make again (train-00000.arrow)"),
    "an unrelated file": (("--manifest", "config.json"), "is not a manifest"),
    "another dataset's manifest": (("--manifest", "other/m.json", "--out", "new"), "not of those in"),
    "another run's folder": (("--manifest", "new.json"), "holds the shards of"),
    "a folder": (("--manifest", "folder.json"), "is no regular file"),
    "a link to nowhere": (("--manifest", "nowhere.json"), "is no regular file"),
    "a file of the run's own": (("--out", "new", "--manifest", "new/state.json"), "writes another file"),
    "the raw corpus": (("--manifest", "raw/m.json", "--out", "new"), "inside the raw corpus"),
    "the raw corpus by its shards": (("--manifest", "n.json", "--out", "raw/new"), "inside the raw corpus"),
    "a folder of other files": (("--manifest", "n.json", "--out", "theirs"), "no run made there (state"),
    "a file": (("--manifest", "n.json", "--out", "config.json"), "is a file"),
    "a log that is a link": (("--manifest", "n.json", "--out", "log"), "is a link or a folder"),
    "records that are a link": (("--manifest", "n.json", "--out", "records"), "is a link or a folder"),
    "a folder for a shard": (("--manifest", "n.json", "--out", "odd", "--fresh"), "is a link or a folder"),
    "a log of others": (("--manifest", "n.json", "--out", "logs"), "no run made there (run.jsonl"),
    "records of others": (("--manifest", "n.json", "--out", "tasks"), "no run made there (.tasks/theirs"),
    "below a file": (("--manifest", "config.json/m.json", "--out", "new"), "a file stands where"),
    "too long a name": (("--manifest", f"{'n' * 251}.json", "--out", "new"), "name too long"),
    "a name that no manifest can hold": (("--manifest", "m2.json", "--out", "a:b"), "cannot hold the path"),
    "a lexicon that is none": (("--set", "phonology.lexicon=config.json"), "the lexicon config.json"),
    "a setting out of bounds": (("--set", "silence.longest_s=1e308"), "silence.longest_s"),
    "a part out of bounds": (("--part", "1/9999999"), "--part '1/9999999'"),
}  # fmt: skip


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_not_its_own_is_refused_before_anything_is_touched(
    case, dry, corpus, made, malsori, tmp_path, monkeypatch
):
    extra, message = FOREIGN[case]
    monkeypatch.chdir(tmp_path)
    copy(made, tmp_path)
    shutil.copytree(corpus, tmp_path / "raw")
    copy(made, tmp_path / "other")
    Path("config.json").write_text('{"theirs": 1}')
    Path("folder.json").mkdir()
    Path("nowhere.json").symlink_to("nothing")
    for name in ("theirs", "log", "records", "odd/x.arrow", "logs", "tasks/.tasks"):
        Path(name).mkdir(parents=True)
    Path("theirs/state.json").write_text("{}")
    Path("log/run.jsonl").symlink_to("../config.json")
    Path("records/.tasks").symlink_to("../theirs")
    Path("logs/run.jsonl").write_text("theirs")
    Path("tasks/.tasks/theirs").touch()
    before = everything(tmp_path)
    arguments = table_arguments(Path("raw"), Path())
    result = malsori(*arguments, *extra, *(["--dry-run"] if dry else []))
    if case == "below a file" and dry:
        return  # found out when the folder is made, which a dry run does not
    assert result.exit_code == 3, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert everything(tmp_path) == before
    assert malsori("verify", "m.json").exit_code == 0


def test_fresh_replaces_another_manifest_but_no_other_kind_of_file(corpus, made, malsori, tmp_path):
    copy(made, tmp_path)
    arguments = [*table_arguments(corpus, tmp_path), "--out", tmp_path / "new", "--fresh"]
    config = tmp_path / "config.json"
    config.write_text("[]")
    assert malsori(*arguments, "--manifest", config).exit_code == 3
    assert config.read_text() == "[]"
    assert malsori(*arguments).exit_code == 0
    assert malsori("verify", tmp_path / "m.json", "--deep").exit_code == 0
    assert (tmp_path / "shards" / "train-00000.arrow").exists()


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ((), ["shards: 1 finished, 0 new", "m.json is replaced"]),
        (("--set", "denoise.engine=off"), ["made again: 1 (train-00000.arrow)", "m.json is replaced"]),
        (
            ("--fresh", *ALL_TEST),
            ["shards: 0 finished, 1 new", "removed: 1 (train-00000.arrow)"],
        ),
        (("--fresh", "--limit", "2"), ["made again: 1 (train-00000.arrow)"]),
    ],
)
def test_a_dry_run_lists_what_would_go(corpus, made, malsori, tmp_path, extra, expected):
    copy(made, tmp_path)
    before = everything(tmp_path)
    result = malsori(*table_arguments(corpus, tmp_path), *extra, "--dry-run")
    assert result.exit_code == 0, result.output
    assert all(line in result.stdout for line in expected), result.stdout
    assert everything(tmp_path) == before


def test_fresh_says_whose_shards_it_replaces(corpus, made, malsori, tmp_path):
    copy(made, tmp_path)
    arguments = [*table_arguments(corpus, tmp_path), "--manifest", tmp_path / "new.json", "--fresh"]
    for extra in (["--dry-run"], []):
        result = malsori(*arguments, *extra)
        assert result.exit_code == 0
        assert f"are no longer those of {tmp_path / 'm.json'}" in result.output


@pytest.mark.parametrize("name", ["run.jsonl", ".lock", ".tasks/train-00000.json", ".tasks/train-00000.at"])
def test_a_pipe_in_the_place_of_a_file_of_the_runs_own_holds_nobody_up(corpus, made, malsori, tmp_path, name):
    copy(made, tmp_path)
    pipe = tmp_path / "shards" / name
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    result = malsori(*table_arguments(corpus, tmp_path))
    assert result.exit_code == (0 if ".tasks" in name else 3), result.output  # what is made anew is replaced
    assert malsori("verify", tmp_path / "m.json", "--deep").exit_code == 0


@pytest.mark.parametrize(
    "name", ["run.jsonl", ".lock", ".tasks/owner.json", ".tasks/train-00000.json", ".tasks/train-00000.at"]
)
def test_a_folder_in_the_place_of_a_file_of_the_runs_own_is_named(corpus, made, malsori, tmp_path, name):
    copy(made, tmp_path)
    place = tmp_path / "shards" / name
    place.unlink(missing_ok=True)
    place.mkdir()
    result = malsori(*table_arguments(corpus, tmp_path))
    assert result.exit_code == 3, result.output
    assert place.name in result.stderr
    assert malsori("verify", tmp_path / "m.json", "--deep").exit_code == 0


def test_a_manifest_has_one_writer_at_a_time(corpus, made, malsori, tmp_path, monkeypatch):
    copy(made, tmp_path)
    manifest = tmp_path / "m.json"
    others = {
        "another folder": [*table_arguments(corpus, tmp_path), "--out", tmp_path / "new", "--fresh"],
        "split": ["split", manifest, "--valid", "0.5", "-o", manifest],
        "filter": ["filter", manifest, "duration_s > 0", "-o", manifest],
    }

    def meanwhile(tasks, context, **_):
        for name, command in others.items():
            refused = malsori(*command)
            assert refused.exit_code == 3, name
            assert f"another run is writing to {manifest}" in refused.stderr
        return (finish_task(task, context) for task in tasks)

    monkeypatch.setattr("pipeline.job.run.run_tasks", meanwhile)
    assert malsori(*table_arguments(corpus, tmp_path), "--set", "shards.audio=flac").exit_code == 0
    assert malsori("verify", manifest, "--deep").exit_code == 0
    assert not list(tmp_path.glob(".*"))
    assert malsori(*others["split"]).exit_code == 0


def test_a_run_whose_first_shard_does_not_fit_on_the_disk_leaves_the_old_dataset_whole(
    corpus, made, disk, malsori, tmp_path, monkeypatch
):
    copy(made, tmp_path)
    before = everything(tmp_path / "shards")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr("pipeline.shards.writer.ShardWriter._flush", full)
        result = malsori(*table_arguments(corpus, tmp_path), "--set", "shards.audio=flac")
    assert result.exit_code == 6, result.output
    assert malsori("verify", tmp_path / "m.json", "--deep").exit_code == 0
    after = everything(tmp_path / "shards")
    assert {name for name in before if before[name] != after.get(name)} <= {"run.jsonl"}


def test_a_split_in_place_is_not_undone_by_the_run_that_made_its_shards(corpus, made, malsori, tmp_path):
    copy(made, tmp_path)
    manifest = tmp_path / "m.json"
    assert malsori("split", manifest, "--valid", "0.5", "-o", manifest).exit_code == 0
    before = manifest.read_bytes()
    for extra in (["--dry-run"], []):
        result = malsori(*table_arguments(corpus, tmp_path), *extra)
        assert result.exit_code == 3
        assert "is a merge, split or filter of the shards" in result.stderr
    assert manifest.read_bytes() == before
    assert malsori(*table_arguments(corpus, tmp_path), "--fresh").exit_code == 0


@pytest.mark.parametrize("harm", ["damaged", "deleted"])
def test_a_shard_that_is_made_again_is_not_from_before(corpus, made, malsori, tmp_path, harm):
    copy(made, tmp_path)
    shard = tmp_path / "shards" / "train-00000.arrow"
    shard.unlink() if harm == "deleted" else shard.write_bytes(b"")
    result = malsori(*table_arguments(corpus, tmp_path))
    assert result.exit_code == 0
    assert "damaged or missing, and made again: 1 of the finished shards" in result.stderr
    assert "from before" not in result.stdout
    assert shard_bytes(tmp_path / "m.json") == shard_bytes(made / "m.json")


def test_temporary_files_of_others_stay(corpus, malsori, tmp_path):
    theirs = tmp_path / "shards" / ".theirs.tmp"
    theirs.parent.mkdir()
    theirs.write_text("not yet saved")
    assert malsori(*table_arguments(corpus, tmp_path)).exit_code == 0
    assert theirs.read_text() == "not yet saved"


@pytest.mark.parametrize("content", ["", "[]", '{"manifest": 1}', "\0" * 100, '{"manifest": "x", "more": 1}'])
def test_an_owner_that_is_none_owns_nothing(corpus, made, malsori, tmp_path, content):
    copy(made, tmp_path)
    (tmp_path / "shards" / ".tasks" / "owner.json").write_text(content)
    result = malsori(*table_arguments(corpus, tmp_path))
    assert result.exit_code == 3
    assert "no run made there" in result.stderr
    assert json.loads((tmp_path / "m.json").read_text())["counts"]["kept"] == 4
