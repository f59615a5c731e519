"""What several commands share: options, and the command line as a manifest records it."""

import shlex
import sys
from pathlib import Path

import click

PATH = click.Path(path_type=Path)

ROOT = click.option("--root", type=PATH, help="Folder of the shards, if they were moved.")
ALLOW_OUTSIDE = click.option(
    "--allow-outside", is_flag=True, help="Follow links that lead out of the shards' folder."
)


def command_line() -> str:
    """The command that is running, as a user would type it."""
    return shlex.join(["malsori", *sys.argv[1:]])
