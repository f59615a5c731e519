"""What `make` would run: each verb's ARGS reach that verb's command and no other."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def commands(*arguments):
    """The commands of malsori that make would run, those of the makes that it starts included."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-n", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    joined = done.stdout.replace("\\\n", " ")
    return [line for line in joined.splitlines() if "/malsori" in line]


def test_the_arguments_of_train_reach_fit_alone():
    preprocess, fit = commands("train", "ARGS=--set loop.epochs=2")
    assert "malsori preprocess" in preprocess
    assert "loop.epochs" not in preprocess
    assert fit.endswith("--preset tiny --resume --set loop.epochs=2")


def test_with_a_manifest_nothing_is_preprocessed():
    (fit,) = commands("train", "MANIFEST=manifests/other.json", "ARGS=--dry-run")
    assert fit.endswith(
        'fit "manifests/other.json" --run "data/runs/other" --preset small --resume --dry-run'
    )


def test_the_arguments_of_preprocess_reach_it():
    (preprocess,) = commands("preprocess", "ARGS=--limit 3", "JOBS=2")
    assert preprocess.rstrip().endswith("--jobs 2 --limit 3")
