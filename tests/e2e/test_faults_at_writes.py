"""Kill -9, a full disk, a read-only one, at the n-th write of every command that writes: old or new, whole."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fault_scenarios import SCENARIOS

PLACES = 4
"""Of each scenario and each fault; `python tests/faults.py 1000 SCENARIO...` comes to every one."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_stood_there_or_what_was_made_is_there_whole(name):
    script = Path(__file__).parents[1] / "faults.py"
    run = subprocess.run(
        [sys.executable, script, str(PLACES), name], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["changed"], "the command changes nothing that is looked at"
    assert found["disturbed"] >= 3 * min(PLACES, found["places"])
    assert found["problems"] == []
