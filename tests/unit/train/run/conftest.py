"""Runs that take a second: one finished on a few tones, to be copied and damaged."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from train.run.fit import fit
from train.run.folder import RunFolder

FEW_STEPS = ("loop.max_steps=2", "loop.keep_last=3", "loop.tensorboard=false")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, tone_manifest: Path, micro: Path) -> Path:
    """The folder of a run with two checkpoints, of which the newest is the best."""
    run = RunFolder(tmp_path_factory.mktemp("finished") / "run")
    settings = {"preset": str(micro), "resume": True}
    for steps in (1, 2):
        fit([tone_manifest], run, assignments=[*FEW_STEPS, f"loop.max_steps={steps}"], **settings)
    return run.path


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> RunFolder:
    """A copy of the finished run, to be changed."""
    return RunFolder(Path(shutil.copytree(finished, tmp_path / "copied")))


@pytest.fixture
def go_on(tone_manifest: Path, micro: Path) -> Callable[..., object]:
    """`go_on(run, *assignments)`: fit with --resume; what it measured."""

    def resume(run: RunFolder, *assignments: str) -> object:
        return fit(
            [tone_manifest], run, preset=str(micro), assignments=[*FEW_STEPS, *assignments], resume=True
        )

    return resume
