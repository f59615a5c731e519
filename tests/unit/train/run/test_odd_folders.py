"""A run's folder with any name, and whatever lies where its checkpoints do."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from requirements import needs_flashlight

from train.cli import main
from train.run.folder import find_checkpoint

NAMES = [b"r\xff", "실행".encode("cp949"), b"\xed\xa0\x80", "실행".encode(), b"a\nb"]


def call(*arguments: object) -> str:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_run_and_its_evaluations_work_in_a_folder_of_any_name(
    tmp_path, micro, make_corpus, make_tones, name
):
    """Even where the manifest lies in such a folder, and the language models."""
    rows = [*make_tones(8, "train", seed=1), *make_tones(2, "valid", seed=2), *make_tones(2, "test", seed=3)]
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    manifest = make_corpus(rows, name="data").parent.rename(folder / "data") / "tones.json"
    run = folder / "run"
    command = ("fit", manifest, "--run", run, "--preset", micro, "--set", "loop.max_steps=1")
    first = call(*command)
    written = (run / "evaluation.json").read_bytes()
    assert call(*command, "--resume") == first
    assert (run / "evaluation.json").read_bytes() == written, "it was measured again"
    assert find_checkpoint(run).record.position.step == 1
    for decoder in ("greedy", "beam", "ngram") if not needs_flashlight.args[0] else ("greedy",):
        call("evaluate", run, manifest, "--decoder", decoder, "-o", folder / decoder)
        summary = json.loads((folder / decoder / "evaluation.json").read_text(encoding="utf-8"))
        assert summary["decoder"] == decoder
        assert summary["checkpoint"].endswith("step-00000001")
        for path in (folder / decoder).iterdir():
            path.read_text(encoding="utf-8")


ODD = {
    "a name that is too long": lambda path: path.symlink_to("x" * 300),
    "a circle": lambda path: path.symlink_to(path.name),
    "nothing": lambda path: path.symlink_to("nowhere"),
    "another folder": lambda path: path.symlink_to(".."),
    "a pipe": os.mkfifo,
    "a file": Path.touch,
}


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("name", ["step-00000003", "step-99999999", "step-1e9", ".step-00000001.1.tmp"])
@pytest.mark.parametrize("kind", ODD)
def test_what_lies_among_the_checkpoints_stops_no_reader(copied, name, kind):
    newest = copied.last()
    ODD[kind](copied.checkpoints / name)
    assert copied.last() == newest
    assert copied.best().folder == newest.folder


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("name", ["step-00000003", "step-00000001", ".step-00000001.1.tmp"])
@pytest.mark.parametrize("kind", [kind for kind in ODD if kind not in {"a pipe", "a file"}])
def test_a_link_where_a_checkpoint_will_be_gives_way_and_its_target_stays(copied, go_on, name, kind):
    place = copied.checkpoints / name
    if place.is_dir():
        place.rename(copied.checkpoints / "kept aside")
    ODD[kind](place)
    metrics = copied.metrics.read_bytes()
    go_on(copied, "loop.max_steps=3", "loop.keep_last=1", "loop.keep_best=1")
    assert copied.last().record.position.step == 3
    assert copied.metrics.read_bytes().startswith(metrics)
