"""The command line of the pipeline: `malsori`.

    preprocess   raw recordings -> shards and a manifest
    dataset      verify, show, merge, split, filter, report, export
    tools        phonemes, corpora, doctor
    doctor       what `malsori doctor` checks
    summary      the tables that commands print
    options      options that several commands share

Results go to stdout, everything else to stderr; exit codes are those of
`pipeline.contract.errors`. Commands import what they need when they run, so that `--help`,
`show` and `phonemes` load nothing they do not use.
"""

from typing import Any

import click

from pipeline.cli.dataset import export, filter_rows, merge, report, show, split, verify
from pipeline.cli.preprocess import preprocess_command
from pipeline.cli.tools import corpora, doctor, phonemes
from pipeline.contract.errors import exit_codes
from pipeline.contract.text import one_line


class Commands(click.Group):
    """Commands whose errors end in one line on stderr and the exit code of their kind."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command under `exit_codes`."""
        try:
            with exit_codes():
                return super().invoke(ctx)
        except click.UsageError as error:  # it may quote a stranger's file name
            raise click.UsageError(one_line(error.format_message()), error.ctx) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of the work instead of the alphabet."""
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="malsori", message="%(version)s")
def main() -> None:
    """From raw Korean speech recordings to shards that a recogniser is trained on."""


for command in (
    preprocess_command, verify, show, merge, split, filter_rows, report, export, phonemes, corpora, doctor,
):  # fmt: skip
    main.add_command(command)
