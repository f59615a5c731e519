"""What several commands share: options, and the command line as a manifest records it."""

import math
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from pipeline.contract.text import as_text

PATH = click.Path(path_type=Path)


class FiniteFloat(click.FloatRange):
    """A number between two bounds. NaN, which is beyond no bound, is refused too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; ends in a usage error if it is not one."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


ROOT = click.option("--root", type=PATH, help="Folder of the shards, if they were moved.")
ALLOW_OUTSIDE = click.option(
    "--allow-outside", is_flag=True, help="Follow links that lead out of the shards' folder."
)


def command_line() -> str:
    """The command that is running, as a user would type it; always text that UTF-8 can store."""
    return as_text(shlex.join(["malsori", *sys.argv[1:]]))
