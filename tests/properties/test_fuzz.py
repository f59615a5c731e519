"""A few seeds of every fuzzing target; `python tests/bench/fuzz.py` tries thousands."""

import sys

from fuzz_targets import TARGETS
from fuzzing import run_targets

SEEDS = 25


def test_damaged_input_never_crashes_hangs_or_takes_a_gigabyte():
    findings = run_targets(list(TARGETS), first=0, last=SEEDS)
    assert findings.failures == {}
    assert {name: ends.total() for name, ends in findings.ends.items()} == dict.fromkeys(TARGETS, SEEDS)


def test_some_damaged_input_is_accepted_and_some_refused():
    """Fuzzing that is always refused, or never, tests nothing."""
    ends = run_targets(["manifest", "shard", "expression", "audio .wav"], first=100, last=140).ends
    assert all(len(+ends[name]) > 1 for name in ends)


def test_fuzzing_notices_a_crash_a_hang_a_feast_and_a_bug_and_goes_on():
    """The limit is fifty times what the last target, which does nothing wrong, takes."""
    feast = {"gorge": "MemoryError"} if sys.platform == "linux" else {}  # macOS limits no memory
    expected = {"crash": "crashed: SIGABRT", "hang": "took too long", **feast, "bug": "ZeroDivisionError"}
    findings = run_targets([*expected, "dropped list"], first=0, last=1, limit_s=1.0)
    assert {name: failure.split(" at ")[0] for (name, _), failure in findings.failures.items()} == expected
    assert findings.ends["dropped list"]["broken"] == 1
