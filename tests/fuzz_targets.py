"""What is fuzzed: functions of a seed that must end well, whatever they are fed.

A target damages something sound and gives it to the code that must survive it. Ending well is
an answer, a drop's reason or a `MalsoriError`; any other exception is a bug. `fuzzing` runs them.

    fuzz_manifests  fuzz_shards  fuzz_exports   what is handed over
    fuzz_sound  fuzz_listings  fuzz_trees  fuzz_tables   raw corpora
    fuzz_settings  fuzz_commands   what users type
    fuzz_runs   checkpoints and run folders
"""

import os
import time
from pathlib import Path

import fuzz_commands
import fuzz_exports
import fuzz_listings
import fuzz_manifests
import fuzz_runs
import fuzz_settings
import fuzz_shards
import fuzz_sound
import fuzz_tables
import fuzz_trees
import numpy as np
from fuzz_ends import Target

TARGETS: dict[str, Target] = {
    **fuzz_manifests.TARGETS,
    **fuzz_shards.TARGETS,
    **fuzz_listings.TARGETS,
    **fuzz_sound.TARGETS,
    **fuzz_exports.TARGETS,
    **fuzz_commands.TARGETS,
    **fuzz_runs.TARGETS,
    **fuzz_tables.TARGETS,
    **fuzz_settings.TARGETS,
    **fuzz_trees.TARGETS,
}


def _crash(seed: int, folder: Path) -> str:
    os.abort()


def _hang(seed: int, folder: Path) -> str:
    while True:
        pass


def _wait(seed: int, folder: Path) -> str:
    time.sleep(3_600)
    return "woke"


def _gorge(seed: int, folder: Path) -> str:
    return str(np.ones(2**28).sum())


def _stray(seed: int, folder: Path) -> str:
    (folder / ".." / ".." / "malsori-stray").write_text("")
    return "strayed"


SELF_TESTS = {
    "crash": Target(_crash),
    "hang": Target(_hang),
    "wait": Target(_wait),
    "gorge": Target(_gorge),
    "stray": Target(_stray),
    "bug": Target(lambda *_: str(1 // 0)),
}
"""What `fuzzing` must notice."""

ALL_TARGETS = TARGETS | SELF_TESTS
