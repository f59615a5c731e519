"""What merge, split and filter write, and where: nothing but the new manifest and its list beside it."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from edited_dataset import copy_dataset, edit_manifest
from handoff_data import Person
from small_corpus import preprocess_arguments, rows_by_id

from pipeline.dataset import builder

OPERATIONS = {
    "filter": lambda one, _: ["filter", one, "num_phones > 2"],
    "split": lambda one, _: ["split", one, "--valid", 0.5],
    "merge of one": lambda one, _: ["merge", one],
    "merge of two": lambda one, two: ["merge", one, two],
}


@pytest.fixture
def radio(make) -> Path:
    return make("radio", [Person("a", 5), Person("b", 3, "valid")])


@pytest.fixture
def other(make) -> Path:
    return make("other", [Person("c", 2)])


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below `folder`, its size and time."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize("root", ["shards", "..", "../..", "."])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_view_is_written_where_the_user_said_and_nowhere_else(
    radio, other, malsori, tmp_path, operation, root
):
    """Whatever root a manifest names: the shards may lie on a disk that cannot be written."""

    def change(content):
        below = (radio.parent / "shards").relative_to((radio.parent / root).resolve())
        for record in (*content["shards"], content["dropped"]):
            record["path"] = (below / record["path"]).as_posix()
        content["root"] = root

    edit_manifest(radio, change)
    before = snapshot(tmp_path)
    output = tmp_path / "views" / "view.json"
    result = malsori(*OPERATIONS[operation](radio, other), "-o", output)
    assert result.exit_code == 0, result.output
    after = snapshot(tmp_path)
    assert before.items() <= after.items()
    new = {Path(name) for name in after.keys() - before.keys()}
    dropped = output.parent / json.loads(output.read_text())["dropped"]["path"]
    assert new == {output, dropped}
    assert malsori("verify", output, "--deep").exit_code == 0
    assert malsori("report", output, "-o", tmp_path / "page.html").exit_code == 0
    assert malsori("export", output, "--to", "nemo", "-o", tmp_path / "nemo").exit_code == 0


@pytest.mark.parametrize("root", ["shards", "..", "../.."])
def test_merged_parts_of_a_run_are_written_where_the_user_said(gathered, malsori, tmp_path, root):
    """Only the folder of -o, or that of --root, may get the files that the run itself would have."""
    parts = gathered()
    folder = parts[0].parent

    def change(content):
        below = (folder / "shards").relative_to((folder / root).resolve())
        for record in (*content["shards"], content["dropped"]):
            record["path"] = (below / record["path"]).as_posix()
        content["root"] = root

    for part in parts:
        edit_manifest(part, change)
    before = snapshot(tmp_path)
    output = tmp_path / "views" / "whole.json"
    assert malsori("merge", *parts, "-o", output).exit_code == 0
    after = snapshot(tmp_path)
    assert before.items() <= after.items()
    assert {Path(name).parent for name in after.keys() - before.keys()} == {output.parent}
    assert malsori("verify", output, "--deep").exit_code == 0


@pytest.mark.parametrize("write", ["replacing", "write_text"], ids=["dropped list", "manifest"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_view_that_cannot_be_written_leaves_the_old_one_whole(
    radio, other, malsori, tmp_path, monkeypatch, operation, write, error
):
    output = tmp_path / "views" / "view.json"
    assert malsori(*OPERATIONS[operation](radio, other), "-o", output).exit_code == 0
    old = rows_by_id(output)
    with monkeypatch.context() as broken:

        def fail(*_arguments: object) -> None:
            raise OSError(error, os.strerror(error))

        broken.setattr(builder, write, fail)
        assert malsori(*OPERATIONS[operation](radio, other), "-o", output).exit_code == 6
    assert malsori("verify", output, "--deep").exit_code == 0
    assert rows_by_id(output) == old
    assert malsori(*OPERATIONS[operation](radio, other), "-o", output).exit_code == 0
    assert malsori("verify", output, "--deep").exit_code == 0


@pytest.mark.parametrize("standing", ['{"name": "mypackage"}', "another dataset", "a pipe"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_view_replaces_no_file_but_an_earlier_manifest_of_its_dataset(
    radio, other, make, malsori, tmp_path, operation, standing
):
    output = tmp_path / "precious" / "package.json"
    output.parent.mkdir()
    if standing == "another dataset":
        shutil.copy(make("third", [Person("d", 2)]), output)
    elif standing == "a pipe":
        os.mkfifo(output)
    else:
        output.write_text(standing)
    before = snapshot(tmp_path)
    result = malsori(*OPERATIONS[operation](radio, other), "-o", output)
    assert result.exit_code == 3
    assert "give another -o" in result.stderr
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("place", ["a:b/radio.json", "s\\1.json"])
@pytest.mark.parametrize("operation", ["filter", "split", "merge of one"])
def test_a_place_that_no_manifest_can_name_is_refused_before_anything_is_written(
    radio, other, malsori, tmp_path, operation, place
):
    source = radio
    if "/" in place:
        source = shutil.copytree(radio.parent, tmp_path / "a:b", ignore=lambda *_: ["a:b"]) / radio.name
    output = tmp_path / "new" / ("view.json" if "/" in place else place)
    result = malsori(*OPERATIONS[operation](source, other), "-o", output)
    assert result.exit_code == 3, result.output
    assert "give another -o" in result.stderr
    assert not output.parent.exists() or not list(output.parent.iterdir())


def test_views_of_views_and_moved_views_keep_their_lists(radio, other, malsori, tmp_path):
    both, some, again = (tmp_path / name / "view.json" for name in ("both", "some", "again"))
    assert malsori("merge", radio, other, "-o", both).exit_code == 0
    assert malsori("filter", both, "num_phones > 2", "-o", some).exit_code == 0
    assert malsori("split", some, "--valid", 0.5, "-o", again).exit_code == 0
    counts = json.loads(again.read_text())["counts"]
    assert counts["read"] == 10
    assert counts["dropped"] == {"filtered": 2}
    moved = shutil.copytree(again.parent, tmp_path / "deeper" / "and" / "away") / again.name
    assert malsori("verify", moved).exit_code == 5
    assert malsori("verify", moved, "--deep", "--root", tmp_path).exit_code == 0


def test_a_list_that_was_not_carried_is_named_with_its_place(radio, malsori, tmp_path):
    output = tmp_path / "views" / "view.json"
    assert malsori("filter", radio, "num_phones > 2", "-o", output).exit_code == 0
    (output.parent / json.loads(output.read_text())["dropped"]["path"]).unlink()
    said = malsori("verify", output).stderr
    assert f"is missing; copy it beside {output}" in said


def test_the_list_of_a_view_may_not_be_a_link_that_leads_elsewhere(radio, malsori, tmp_path):
    output = tmp_path / "views" / "view.json"
    assert malsori("filter", radio, "num_phones > 2", "-o", output).exit_code == 0
    dropped = output.parent / json.loads(output.read_text())["dropped"]["path"]
    dropped.symlink_to(shutil.move(dropped, tmp_path / "outside"))
    result = malsori("verify", output)
    assert result.exit_code == 5
    assert "a link that leads out of" in result.stderr
    assert malsori("verify", output, "--allow-outside").exit_code == 0


IMPOSSIBLE = {
    "a folder": "folder{0}",
    "below a file": "file{0}/x{0}",
    "a name that is too long": f"{'n' * 300}{{0}}",
    "a loop of links": "loop/x{0}",
}


@pytest.mark.parametrize("place", IMPOSSIBLE)
@pytest.mark.parametrize("command", [*OPERATIONS, "report", "export hf", "export nemo"])
def test_an_output_that_no_file_can_be_is_refused(radio, other, malsori, tmp_path, command, place):
    suffix = {"report": ".html", "export hf": "", "export nemo": ""}.get(command, ".json")
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / f"file{suffix}").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    output = tmp_path / IMPOSSIBLE[place].format(suffix)
    name, *target = command.split()
    arguments = {
        "report": ["report", radio],
        "export": ["export", radio, "--to", target[-1] if target else ""],
    }
    call = arguments[name] if name in arguments else OPERATIONS[command](radio, other)
    result = malsori(*call, "-o", output)
    assert result.exit_code == 3, result.output
    assert (tmp_path / f"file{suffix}").read_text() == "mine"
    assert not list(tmp_path.rglob(".*.tmp"))


@pytest.mark.parametrize("name", ["m" * 250, "한" * 80])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_longest_name_of_a_manifest_has_a_list_too(radio, other, malsori, tmp_path, operation, name):
    output = tmp_path / f"{name}.json"
    assert malsori(*OPERATIONS[operation](radio, other), "-o", output).exit_code == 0
    assert malsori("verify", output, "--deep").exit_code == 0


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "x" * 300])
def test_a_merged_dataset_gets_no_name_that_cannot_be_read_back(radio, other, malsori, tmp_path, name):
    result = malsori("merge", radio, other, "--name", name, "-o", tmp_path / "m.json")
    assert result.exit_code == 3
    assert "\x1b" not in result.stderr
    assert not (tmp_path / "m.json").exists()


def test_a_copy_of_version_1_is_read_as_before(radio, malsori, tmp_path):
    """A run's list lies with the shards, also when the manifest lies elsewhere."""
    copy = copy_dataset(radio, tmp_path / "copy")
    assert json.loads(copy.read_text())["contract_version"] == 1
    moved = shutil.move(copy, tmp_path / copy.name)
    assert malsori("verify", moved, "--deep", "--root", tmp_path / "copy" / "shards").exit_code == 0


@pytest.mark.parametrize("option", ["--name", "--title", "--licence"])
@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "x" * 300])
def test_a_run_gives_no_name_that_cannot_be_read_back(kspon_corpus, malsori, tmp_path, option, name):
    """Refused at the plan, before anything is made."""
    result = malsori(*preprocess_arguments(kspon_corpus, tmp_path / "out"), option, name)
    assert result.exit_code == 3
    assert option in result.stderr
    assert "\x1b" not in result.stderr
    assert not (tmp_path / "out").exists()
