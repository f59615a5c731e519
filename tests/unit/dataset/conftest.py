"""Datasets for the tests of what is done with manifests: small ones, copies, the parts of a run."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from edited_dataset import copy_dataset
from handoff_data import write_dataset
from small_corpus import preprocess_arguments

PARTS = 3


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """`make("radio", [Person("a", 3)])`: a dataset in a folder of its own; gives the manifest."""
    return lambda name, people, **options: write_dataset(tmp_path / name, name, people, **options)


@pytest.fixture
def copied(dataset: Path, tmp_path: Path) -> Path:
    """The manifest of a copy of `dataset` that a test may spoil."""
    return copy_dataset(dataset, tmp_path / "copied")


@pytest.fixture(scope="session")
def boxes(
    kspon_corpus: Path, malsori: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ...]:
    """The parts of one run, each made as if on its own machine: other folders, no shared state."""
    manifests = []
    for number in range(1, PARTS + 1):
        box = tmp_path_factory.mktemp("x" * number)
        corpus = shutil.copytree(kspon_corpus, box / "raw" / f"box{number}")
        result = malsori(*preprocess_arguments(corpus, box / "out"), "--part", f"{number}/{PARTS}")
        assert result.exit_code == 0, result.output
        manifests.append(box / "out" / f"small.part-{number}-of-{PARTS}.json")
    return tuple(manifests)


@pytest.fixture
def gathered(boxes: tuple[Path, ...], tmp_path: Path) -> Callable[..., list[Path]]:
    """Copies parts (numbers from 1) into one folder, as one does before merging them."""
    folders = itertools.count()

    def gather(*numbers: int) -> list[Path]:
        folder = tmp_path / f"gathered{next(folders)}"
        for number in numbers or range(1, PARTS + 1):
            shutil.copytree(boxes[number - 1].parent, folder, dirs_exist_ok=True)
        return sorted(folder.glob("*.json"))

    return gather
