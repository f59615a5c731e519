"""No command loads what it does not use: libraries that take long to import stay where they work."""

import subprocess
import sys
from pathlib import Path

import pytest

POOL = {"joblib", "multiprocessing", "numpy", "psutil"}  # joblib imports numpy
HEAVY = {
    "joblib", "numpy", "pandas", "psutil", "pyarrow", "scipy", "soundfile", "soxr", "torch", "tqdm",
    "webrtcvad", "mecab_ko", "multiprocessing",
}  # fmt: skip


def loaded_by(*arguments: object) -> set[str]:
    """The heavy libraries that are loaded once a command has run, in a process of its own."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from pipeline.cli import main\n"
        f"before = {HEAVY} & set(sys.modules)\n"
        "result = CliRunner().invoke(main, sys.argv[1:])\n"
        "assert result.exit_code == 0, result.output\n"
        f"print(*({HEAVY} & set(sys.modules)) - before)"
    )
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["preprocess", "--help"], ["corpora"]])
def test_looking_around_loads_nothing(arguments):
    assert loaded_by(*arguments) == set()


def test_show_loads_no_heavy_library(dataset):
    assert loaded_by("show", dataset) == set()


def test_phonemes_loads_the_tagger_alone():
    assert loaded_by("phonemes", "굳이") == {"mecab_ko"}


def test_a_dry_run_loads_neither_arrow_nor_audio(kspon_corpus, tmp_path):
    arguments = ["preprocess", kspon_corpus, "--corpus", "kspon", "--out", tmp_path / "shards"]
    loaded = loaded_by(*arguments, "--manifest", tmp_path / "m.json", "--dry-run")
    assert loaded <= POOL


def test_the_stages_are_loaded_by_workers_alone(kspon_corpus, tmp_path):
    arguments = ["preprocess", kspon_corpus, "--corpus", "kspon", "--out", tmp_path / "shards"]
    loaded = loaded_by(*arguments, "--manifest", tmp_path / "m.json", "--limit", 2)
    assert Path(tmp_path / "m.json").is_file()
    assert loaded <= POOL
