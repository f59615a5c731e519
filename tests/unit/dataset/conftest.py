"""What the tests of the hand-off share: small datasets, and how to look at manifests."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from handoff_data import write_dataset
from small_corpus import preprocess_arguments

PARTS = 3


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """`make("radio", [Person("a", 3)])`: a dataset in a folder of its own; gives the manifest."""

    def make_dataset(name: str, people: list[Any], **options: Any) -> Path:
        return write_dataset(tmp_path / name, name, people, **options)

    return make_dataset


@pytest.fixture
def copied(dataset: Path, tmp_path: Path) -> Path:
    """The manifest of a copy of `dataset` that a test may spoil."""
    return shutil.copytree(dataset.parent, tmp_path / "copied") / dataset.name


@pytest.fixture(scope="session")
def boxes(
    kspon_corpus: Path, malsori: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ...]:
    """The parts of one run, each made on its own box: other folders, no shared state."""
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
