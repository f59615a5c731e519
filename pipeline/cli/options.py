"""What several commands share: options, and the command line as a manifest records it."""

import shlex
import sys
from pathlib import Path

import click

from pipeline.contract.text import as_text

PATH = click.Path(path_type=Path)

ROOT = click.option("--root", type=PATH, help="Folder of the shards, if they were moved.")
ALLOW_OUTSIDE = click.option(
    "--allow-outside", is_flag=True, help="Follow links that lead out of the shards' folder."
)


def command_line() -> str:
    """The command that is running, as a user would type it; always text that UTF-8 can store."""
    return as_text(shlex.join(["malsori", *sys.argv[1:]]))
