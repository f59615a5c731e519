import pytest

from pipeline.contract.errors import InputRejected
from pipeline.export.files import new_folder


def test_the_folder_takes_its_name_at_the_end(tmp_path):
    target = tmp_path / "deep" / "out"
    with new_folder(target) as folder:
        (folder / "file").write_text("content")
        assert not target.exists()
    assert (target / "file").read_text() == "content"
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    def fail() -> None:
        with new_folder(tmp_path / "out") as folder:
            (folder / "file").write_text("content")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_stands_there_is_not_touched(tmp_path, kind):
    target = tmp_path / "out"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("precious")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputRejected, match="exists already"), new_folder(target):
        raise AssertionError("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_made_meanwhile_is_not_replaced(tmp_path):
    def race() -> None:
        with new_folder(tmp_path / "out") as folder:
            assert folder.is_dir()
            (tmp_path / "out").mkdir()

    with pytest.raises(InputRejected):
        race()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
