"""What a fuzzing target is, and how a command must end whatever it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from click.testing import CliRunner, Result

Attempt = Callable[[int, Path], str]

CODES = {0, 2, 3, 4, 5, 6, 7, 130}
"""What commands may exit with; 1 is a bug."""


@dataclass(frozen=True)
class Target:
    """Something to be fuzzed.

    Attributes:
        attempt: Damages something sound, as its seed says, in a folder of its own, and gives it to the
            code that must survive it; says how that ended.
        share: How many inputs it gets for each that the cheap targets get.
        prepare: Makes the sound data, and imports what takes memory, before memory is limited.
    """

    attempt: Attempt
    share: float = 1.0
    prepare: Callable[[], object] = lambda: None

    def seeds(self, first: int, count: int) -> range:
        """The seeds it gets where a cheap target gets `count`."""
        return range(first, first + max(1, round(count * self.share)))


def run_command(
    command: click.Command, arguments: Sequence[object], *, stdin: bytes | None = None, charset: str = "utf-8"
) -> str:
    """Run a command line in this process; it must end well. Gives its exit code in words."""
    runner = CliRunner(charset=charset)
    result = runner.invoke(command, [str(argument) for argument in arguments], input=stdin)
    check_end(result)
    return f"exit {result.exit_code}"


def check_end(result: Result) -> None:
    """Raise unless a command ended with one of our codes and at most one line that says why."""
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        raise error
    assert result.exit_code in CODES, f"exit {result.exit_code}: {result.stderr[-200:]}"
    assert "Traceback" not in result.output, result.output[-200:]
    errors = [line for line in result.stderr.splitlines() if line.startswith(("error:", "Error:"))]
    assert len(errors) <= 1 or result.exit_code == 3, errors
    said = errors or result.exit_code in {0, 130} or "Usage:" in result.output  # a group alone shows its help
    assert said, f"exit {result.exit_code} without a word"
    assert not any("memory ran out" in line for line in errors), errors
