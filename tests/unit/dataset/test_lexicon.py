"""The lexicon travels with the shards: whoever has them derives the labels again, and opens nothing else."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from edited_dataset import edit_manifest
from handoff_data import Person
from small_corpus import manifest_content, preprocess_arguments, rows_by_id

from pipeline.contract.settings import fingerprint_values
from pipeline.phonology import user_lexicon

ENTRIES = "spelling\tpronunciation\n커피\t코피\n"


@pytest.fixture(scope="module")
def made(kspon_corpus, malsori, tmp_path_factory) -> Path:
    """The manifest of a run with a lexicon that no longer is where the user had it."""
    folder = tmp_path_factory.mktemp("lexicon")
    names = folder / "names.tsv"
    names.write_text(ENTRIES, encoding="utf-8")
    arguments = preprocess_arguments(kspon_corpus, folder)
    assert malsori(*arguments, "--set", f"phonology.lexicon={names}").exit_code == 0
    names.unlink()
    return folder / "small.json"


@pytest.fixture
def carried(made: Path, tmp_path: Path) -> Path:
    """The same on a teammate's machine."""
    shutil.copytree(made.parent / "shards", tmp_path / "box" / "shards", ignore=shutil.ignore_patterns(".*"))
    return Path(shutil.copy(made, tmp_path / "box"))


def lexicon_of(manifest: Path) -> Path:
    (path,) = (manifest.parent / "shards").glob("lexicon-*.tsv")
    return path


def test_a_teammate_derives_the_labels_again_without_asking(carried, malsori):
    assert malsori("verify", carried, "--deep").exit_code == 0
    assert any("코피" in row["pronunciation"] for row in rows_by_id(carried).values())
    recorded = manifest_content(carried)["settings"][0]["values"]["phonology"]
    assert recorded["lexicon"] == lexicon_of(carried).name
    assert "names.tsv" not in str(manifest_content(carried)["settings"])


def test_views_find_it_beside_the_shards(carried, dataset, malsori, tmp_path):
    views = tmp_path / "views"
    assert malsori("filter", carried, "duration_s > 2", "-o", views / "f.json").exit_code == 0
    assert malsori("split", carried, "--valid", 0.3, "-o", views / "s.json").exit_code == 0
    assert malsori("merge", carried, dataset, "--mixed-settings", "-o", views / "m.json").exit_code == 0
    for name in ("f", "s", "m"):
        result = malsori("verify", views / f"{name}.json", "--deep")
        assert result.exit_code == 0, result.output
    assert not list(views.glob("lexicon-*"))


def test_a_lexicon_that_was_not_carried_is_named_with_its_place(carried, malsori):
    lexicon = lexicon_of(carried)
    lexicon.unlink()
    assert malsori("verify", carried).exit_code == 0
    result = malsori("verify", carried, "--deep")
    assert result.exit_code == 5
    assert f"the lexicon {lexicon.name} is missing; copy it to {lexicon.parent}" in result.stderr


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _outside(path: Path) -> None:
    path.symlink_to(shutil.copy("/etc/passwd", path.parents[2] / "outside"))


def _huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**40)


HARM = {
    "pipe": _pipe, "device": _device, "folder": Path.mkdir, "outside": _outside, "huge": _huge,
    "other": lambda path: path.write_text(ENTRIES + "말\t말\n"), "empty": Path.touch,
}  # fmt: skip


@pytest.mark.parametrize("harm", HARM)
def test_a_lexicon_that_is_another_is_refused_and_never_waited_for(carried, malsori, harm):
    lexicon = lexicon_of(carried)
    lexicon.unlink()
    HARM[harm](lexicon)
    result = malsori("verify", carried, "--deep")
    assert result.exit_code == 5
    assert "its labels cannot be derived again: " in result.stderr
    assert "Traceback" not in result.output


def _noting(call: Callable[..., Any], opened: list[Path]) -> Callable[..., Any]:
    def note(path: Path, **options: Any) -> Any:
        opened.append(path)
        return call(path, **options)

    return note


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/dev/zero", "names.tsv", "../names.tsv", "pipe", "x" * 5_000]
)
def test_no_path_of_a_manifest_is_opened(make, malsori, tmp_path, monkeypatch, path):
    """Older malsoris recorded the user's path: the labels then wait for a copy beside the shards."""
    manifest = make("radio", [Person("a", 3)])
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    own = user_lexicon.UserLexicon(ENTRIES.encode())
    Path("names.tsv").write_bytes(own.content)

    def change(content):
        (record,) = content["settings"]
        record["values"]["phonology"] |= {"lexicon": path, "lexicon_sha256": own.sha256}
        record["fingerprint"] = fingerprint_values(record["values"])

    edit_manifest(manifest, change)
    opened = []
    for name in ("read_regular", "is_regular"):
        monkeypatch.setattr(user_lexicon, name, _noting(getattr(user_lexicon, name), opened))
    result = malsori("verify", manifest, "--deep")
    assert result.exit_code == 5
    place = manifest.parent / "shards" / user_lexicon.carried_name(own.sha256)
    assert f"if you have it, copy it to {place}" in result.stderr
    assert not opened
    place.write_bytes(own.content)
    assert malsori("verify", manifest, "--deep").exit_code == 0
    assert set(opened) == {place}


def test_a_lexicon_is_refused_before_anything_is_touched(dataset, kspon_corpus, malsori, tmp_path):
    copy = Path(shutil.copytree(dataset.parent, tmp_path / "copy")) / dataset.name
    (tmp_path / "bad.tsv").write_text("spelling\tpronunciation\n말\t말소리\n", encoding="utf-8")
    arguments = preprocess_arguments(kspon_corpus, copy.parent)
    result = malsori(*arguments, "--set", f"phonology.lexicon={tmp_path / 'bad.tsv'}")
    assert result.exit_code == 3
    assert malsori("verify", copy, "--deep").exit_code == 0


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
def test_a_lexicon_that_cannot_be_written_leaves_the_old_dataset_whole(
    dataset, kspon_corpus, malsori, tmp_path, monkeypatch, error
):
    copy = Path(shutil.copytree(dataset.parent, tmp_path / "copy")) / dataset.name
    (tmp_path / "names.tsv").write_text(ENTRIES, encoding="utf-8")
    arguments = [*preprocess_arguments(kspon_corpus, copy.parent), "--set"]
    with monkeypatch.context() as broken:

        def fail(*_arguments):
            raise OSError(error, os.strerror(error))

        broken.setattr(user_lexicon, "replacing", fail)
        assert malsori(*arguments, f"phonology.lexicon={tmp_path / 'names.tsv'}").exit_code == 6
    assert malsori("verify", copy, "--deep").exit_code == 0
    assert malsori(*arguments, f"phonology.lexicon={tmp_path / 'names.tsv'}").exit_code == 0
    assert malsori("verify", copy, "--deep").exit_code == 0
