"""A kill, a full disk, a read-only one, at the n-th write of every command: old or new, never neither."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fault_scenarios import SCENARIOS, TRAINING

PLACES = 2
"""Of each scenario and each fault; `python tests/faults.py 1000 SCENARIO...` comes to every one."""


@pytest.mark.parametrize(
    "names",
    [[name for name in SCENARIOS if name not in TRAINING], list(TRAINING)],
    ids=["malsori", "training"],
)
def test_what_stood_there_or_what_was_made_is_there_whole(names):
    script = Path(__file__).parents[1] / "faults.py"
    run = subprocess.run(
        [sys.executable, script, str(PLACES), *names], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found = [json.loads(line) for line in run.stdout.splitlines()]
    assert [scenario["scenario"] for scenario in found] == names
    for scenario in found:
        assert scenario["changed"], "the command changes nothing that is looked at"
        assert scenario["disturbed"] >= 3 * min(PLACES, scenario["places"])
    assert [scenario for scenario in found if scenario["problems"]] == []
