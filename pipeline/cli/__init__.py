"""The command line of the pipeline: `malsori`.

    preprocess   raw recordings -> shards and a manifest
    handoff      verify, show, merge, split, filter, report, export
    machine      phonemes, corpora, doctor

Results go to stdout, everything else to stderr; exit codes are those of
`pipeline.contract.errors`. Heavy imports happen inside the commands.
"""

from typing import Any

import click

from pipeline.cli.dataset import export, filter_rows, merge, report, show, split, verify
from pipeline.cli.preprocess import preprocess
from pipeline.cli.tools import corpora, doctor, phonemes
from pipeline.contract.errors import exit_codes


class Commands(click.Group):
    """Commands whose errors become one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command under `exit_codes`."""
        with exit_codes():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of the work, not of the alphabet."""
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="malsori", message="%(version)s")
def main() -> None:
    """From raw Korean speech recordings to shards that a recogniser is trained on."""


for command in (
    preprocess, verify, show, merge, split, filter_rows, report, export, phonemes, corpora, doctor,
):  # fmt: skip
    main.add_command(command)
