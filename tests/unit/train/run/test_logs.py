import json
import os

import pytest

from pipeline.contract.errors import HandOffBroken
from train.run.logs import Display, MetricsLog


def test_rows_after_the_checkpoint_and_a_torn_line_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path, up_to_step=0) as log:
        for step in range(1, 5):
            log.add({"step": step, "loss": 1.0})
    path.write_text(path.read_text() + '{"step": 5, "lo')
    with MetricsLog(path, up_to_step=2) as log:
        log.add({"step": 3, "loss": 2.0})
    assert [json.loads(line)["loss"] for line in path.read_text().splitlines()] == [1.0, 1.0, 2.0]


@pytest.mark.parametrize("content", ["mine\n", "[1]\n", '{"step": "1"}\n', "\0" * 2**20, "[" * 10_000 + "\n"])
def test_a_log_that_no_run_wrote_stays_as_it_is(tmp_path, content):
    path = tmp_path / "metrics.jsonl"
    path.write_text(content)
    size = 2**40 if content.startswith("\0") else len(content)
    os.truncate(path, size)  # sparse: a terabyte without a line break takes no room, and is not read
    with pytest.raises(HandOffBroken, match="is not the log of a run"):
        MetricsLog(path, up_to_step=10)
    assert path.stat().st_size == size
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_without_a_terminal_there_is_a_line_every_few_steps(capsys):
    with Display(done=0, total=5, every=2) as display:
        for step in range(1, 6):
            display.step(step, "loss 1.000")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["2/5", "4/5", "5/5"]
