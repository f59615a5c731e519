"""What all tests share: how Hypothesis picks examples, a small corpus with faults, a dataset made of it."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings
from small_corpus import make_kspon_corpus, preprocess_arguments

from pipeline.cli import main

# No law depends on the clock, and what passed once passes again. For new examples every time:
# pytest --hypothesis-profile=explore.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("explore"), derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def kspon_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 utterances: one transcript too short, one file missing, one empty, one 5 s pause."""
    return make_kspon_corpus(tmp_path_factory.mktemp("corpus") / "kspon", utterances=24)


@pytest.fixture
def no_hang() -> Iterator[None]:
    """A test that waits for a pipe ends in an error instead of holding up all others."""

    def fail(*_: object) -> None:
        raise AssertionError("still waiting after 60 s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def malsori() -> Callable[..., Result]:
    """Runs the command line in this process: `malsori("show", path)`; gives exit code and output."""

    def run(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)

    return run


@pytest.fixture(scope="session")
def dataset(
    kspon_corpus: Path, malsori: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The manifest of `kspon_corpus`, with its shards in `shards/` beside it. Not to be changed."""
    folder = tmp_path_factory.mktemp("dataset")
    result = malsori(*preprocess_arguments(kspon_corpus, folder))
    assert result.exit_code == 0, result.output
    manifest = folder / "small.json"
    assert json.loads(manifest.read_text())["counts"]["kept"] == 21
    return manifest
