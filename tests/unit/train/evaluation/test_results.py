"""The folder of an evaluation: its files are of one measurement, and nobody else's are replaced."""

import errno
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from train.cli import main
from train.evaluation import evaluate as evaluate_module
from train.evaluation.evaluate import EVALUATION, RESULTS


def evaluate(run: Path, manifest: Path, out: Path, split: str = "test"):
    command = ["evaluate", run, manifest, "--split", split, "-o", out]
    return CliRunner().invoke(main, list(map(str, command)))


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("content", ["my own", '{"my": "own"}', ""])
def test_files_that_no_measurement_wrote_are_not_replaced(trained, tone_manifest, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    result = evaluate(trained, tone_manifest, tmp_path)
    assert result.exit_code == 3
    assert f"holds files that no measurement wrote ({name})" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == content


@pytest.mark.parametrize("number", range(len(RESULTS)))
def test_where_the_figures_stand_all_results_are_of_one_measurement(
    trained, tone_manifest, tmp_path, monkeypatch, number
):
    assert evaluate(trained, tone_manifest, tmp_path).exit_code == 0
    before = {name: (tmp_path / name).read_bytes() for name in RESULTS}
    written = []

    def full(path, **options):
        written.append(path.name)
        if len(written) == number + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(path, **options)

    really = evaluate_module.replacing
    with monkeypatch.context() as broken:
        broken.setattr(evaluate_module, "replacing", full)
        assert evaluate(trained, tone_manifest, tmp_path, split="valid").exit_code == 6
    assert written == list(RESULTS[: number + 1])
    if (tmp_path / EVALUATION).exists():
        assert {name: (tmp_path / name).read_bytes() for name in RESULTS} == before
    else:
        assert number > 0
    assert evaluate(trained, tone_manifest, tmp_path, split="valid").exit_code == 0
    assert json.loads((tmp_path / EVALUATION).read_text())["split"] == "valid"
