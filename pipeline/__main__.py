"""`python -m pipeline` is `malsori`."""

from pipeline.cli import main

main(prog_name="malsori")
