"""Fuzz every reader of untrusted input: `python tests/bench/fuzz.py [--seeds N] [TARGET...]`.

Prints a table for tests/bench/fuzz.md and exits with 1 when an input crashed, hung, took over 1 GB of
memory, wrote outside its folder or met a bug. `python tests/fuzzing.py 10 0 "TARGET:SEED:SEED+1"`
repeats one.
"""

import argparse
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz_targets import TARGETS
from fuzzing import LIMIT_S, Findings, run_targets

MAX_SHOWN = 20


def main() -> int:
    """Run the targets, several at a time, and print how each ended."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=500, help="of each cheap target; others get a share")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    arguments.add_argument("--jobs", type=int, default=2, help="workers at a time")
    arguments.add_argument("--limit", type=float, default=LIMIT_S, help="processor seconds of one input")
    arguments.add_argument("targets", nargs="*", help="all, if none is named")
    chosen = arguments.parse_args()
    names = chosen.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        arguments.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    seeds = {name: TARGETS[name].seeds(chosen.first, chosen.seeds) for name in names}
    print(f"Python {platform.python_version()}, from seed {chosen.first}\n")
    print("| target | inputs | seconds | peak MB | failures | how they ended |\n|---|--:|--:|--:|--:|---|")
    failed = 0
    with ThreadPoolExecutor(chosen.jobs) as pool:
        runs = pool.map(partial(_run, limit_s=chosen.limit), names, seeds.values())
        for name, (findings, took_s) in zip(names, runs, strict=True):
            print(_row(name, len(seeds[name]), findings, took_s), flush=True)
            for (_, seed), what in list(_kinds(findings).values())[:MAX_SHOWN]:
                print(f"{name}, seed {seed}: {what}", file=sys.stderr, flush=True)
            failed += len(findings.failures)
    print(f"\n{sum(map(len, seeds.values())):,} inputs, {failed} failures")
    return 1 if failed else 0


def _run(name: str, seeds: range, *, limit_s: float) -> tuple[Findings, float]:
    began = time.perf_counter()
    return run_targets({name: seeds}, limit_s=limit_s), time.perf_counter() - began


def _kinds(findings: Findings) -> dict[str, tuple[tuple[str, int], str]]:
    """The first failure of each kind: of one exception at one place."""
    return {what.partition(": ")[0]: (key, what) for key, what in reversed(findings.failures.items())}


def _row(name: str, inputs: int, findings: Findings, took_s: float) -> str:
    ends = ", ".join(f"{end} {count}" for end, count in findings.ends[name].most_common() if count)
    return f"| {name} | {inputs} | {took_s:.1f} | {findings.peak_mb} | {len(findings.failures)} | {ends} |"


if __name__ == "__main__":
    sys.exit(main())
