"""Fuzz every reader of untrusted input: `python tests/bench/fuzz.py [--seeds N] [TARGET...]`.

Prints a table for tests/bench/fuzz.md and exits with 1 when a seed crashed, hung, took over 1 GB of
memory or met a bug. `python tests/fuzzing.py 10 0 SEED SEED+1 TARGET` repeats one.
"""

import argparse
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz_targets import LARGE_MANIFESTS, SLOW_TARGETS, TARGETS
from fuzzing import run_targets

MAX_SHOWN = 10


def main() -> int:
    """Run the targets one after the other."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=500, help="of each target")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    arguments.add_argument("targets", nargs="*", help="all, if none is named")
    chosen = arguments.parse_args()
    names = chosen.targets or [*TARGETS, *SLOW_TARGETS]
    if unknown := set(names) - {*TARGETS, *SLOW_TARGETS}:
        arguments.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    print(f"Python {platform.python_version()}, seeds {chosen.first} to {chosen.first + chosen.seeds - 1}\n")
    print("| target | inputs | seconds | peak MB | failures | how they ended |\n|---|--:|--:|--:|--:|---|")
    total = failed = 0
    for name in names:
        seeds = min(chosen.seeds, LARGE_MANIFESTS) if name in SLOW_TARGETS else chosen.seeds
        began = time.perf_counter()
        findings = run_targets([name], first=chosen.first, last=chosen.first + seeds)
        took_s = time.perf_counter() - began
        ends = ", ".join(f"{end} {count}" for end, count in findings.ends[name].most_common() if count)
        print(f"| {name} | {seeds} | {took_s:.1f} | {findings.peak_mb} | {len(findings.failures)} | {ends} |")
        for (_, seed), what in list(findings.failures.items())[:MAX_SHOWN]:
            print(f"{name}, seed {seed}: {what}", file=sys.stderr)
        total += seeds
        failed += len(findings.failures)
    print(f"\n{total:,} inputs, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
