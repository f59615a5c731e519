"""A few seeds of every fuzzing target in CI; `python tests/bench/fuzz.py` tries thousands."""

from fuzz_targets import SELF_TESTS, TARGETS
from fuzzing import run_targets

SEEDS_IN_CI = 25


def test_nothing_that_is_damaged_crashes_hangs_or_gorges():
    findings = run_targets(list(TARGETS), first=0, last=SEEDS_IN_CI)
    assert findings.failures == {}
    assert {name: ends.total() for name, ends in findings.ends.items()} == dict.fromkeys(TARGETS, SEEDS_IN_CI)
    before_mb, peak_mb = findings.peak_mb
    assert 0 < before_mb <= peak_mb < 1_024


def test_the_damage_is_done_and_is_not_all_there_is():
    """Fuzzing that is always refused, or never, tests nothing."""
    ends = run_targets(["manifest", "shard", "expression", "audio .wav"], first=100, last=140).ends
    assert all(len(+ends[name]) > 1 for name in ends)


def test_a_crash_a_hang_a_feast_and_a_bug_are_noticed_and_the_rest_goes_on(monkeypatch):
    monkeypatch.setenv("MALSORI_FUZZ_LIMIT_S", "1.5")
    names = ["crash", "hang", "gorge", "bug", "dropped list"]
    findings = run_targets(names, first=0, last=1)
    assert set(findings.failures) == {(name, 0) for name in SELF_TESTS}
    assert findings.failures["crash", 0] == "crashed: SIGABRT"
    assert findings.failures["hang", 0] == "took too long"
    assert findings.failures["gorge", 0].startswith("MemoryError")
    assert findings.failures["bug", 0].startswith("ZeroDivisionError")
    assert findings.ends["dropped list"]["broken"] == 1
