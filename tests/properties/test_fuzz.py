"""A few seeds of every fuzzing target; `python tests/bench/fuzz.py` tries thousands."""

import sys

from fuzz_targets import TARGETS
from fuzzing import run_targets

SEEDS = 25


def test_damaged_input_never_crashes_hangs_or_takes_a_gigabyte():
    seeds = {name: target.seeds(0, SEEDS) for name, target in TARGETS.items()}
    findings = run_targets(seeds)
    assert findings.failures == {}
    tried = {name: ends.total() for name, ends in findings.ends.items()}
    assert tried == {name: len(several) for name, several in seeds.items()}


def test_some_damaged_input_is_accepted_and_some_refused():
    """Fuzzing that is always refused, or never, tests nothing."""
    names = ["manifest", "shard", "expression", "audio .wav"]
    ends = run_targets(dict.fromkeys(names, range(100, 140))).ends
    assert all(len(+ends[name]) > 1 for name in ends)


def test_fuzzing_notices_a_crash_a_hang_a_feast_and_a_bug_and_goes_on():
    """The limit is fifty times what the last target, which does nothing wrong, takes."""
    feast = {"gorge": "MemoryError"} if sys.platform == "linux" else {}  # macOS limits no memory
    expected = {
        "crash": "crashed: SIGABRT", "hang": "took too long", "wait": "took too long", **feast,
        "stray": "PermissionError", "bug": "ZeroDivisionError",
    }  # fmt: skip
    findings = run_targets(dict.fromkeys([*expected, "dropped list"], range(1)), limit_s=1.0)
    assert {name: failure.split(" at ")[0] for (name, _), failure in findings.failures.items()} == expected
    assert findings.ends["dropped list"]["broken"] == 1
