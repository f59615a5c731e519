"""Commands on a finished manifest: verify, show, merge, split, filter, report, export."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import ALLOW_OUTSIDE, PATH, ROOT, command_line
from pipeline.contract.errors import InputRejected
from pipeline.contract.terminal import print_json, print_note, print_row, print_text

if TYPE_CHECKING:
    from pipeline.contract.manifest import Manifest


def _require_json(_context: click.Context, _option: click.Parameter, path: Path) -> Path:
    """Refuse a name that does not end in .json, so that a slip cannot overwrite a shard."""
    if path.suffix != ".json":
        raise InputRejected(f"{path}: expected a manifest's name, one that ends in .json")
    return path


OUTPUT = click.option(
    "-o",
    "--output",
    required=True,
    type=PATH,
    callback=_require_json,
    help="The manifest to write (*.json).",
)


@click.command()
@click.argument("manifest", type=PATH)
@click.option("--deep", is_flag=True, help="Also decode every row and derive its labels from its text again.")
@ROOT
@ALLOW_OUTSIDE
def verify(*, manifest: Path, deep: bool, root: Path | None, allow_outside: bool) -> None:
    """Check that the shards are what MANIFEST says."""
    from pipeline.contract.opened import open_manifest
    from pipeline.dataset.verify import verify_manifest

    opened = open_manifest(manifest, root=root, allow_outside=allow_outside)
    verify_manifest(opened, deep=deep)
    depth = "hashes, rows, audio and labels" if deep else "hashes and rows"
    shards, kept = len(opened.manifest.shards), opened.manifest.counts.kept
    print_row(f"{manifest}: {shards} shard{'s' * (shards != 1)}, {kept} utterances, {depth} as recorded")


@click.command()
@click.argument("manifest", type=PATH)
@click.option("--diff", "other", type=PATH, help="Show how MANIFEST differs from this one.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest's content.")
def show(*, manifest: Path, other: Path | None, as_json: bool) -> None:
    """Show what MANIFEST describes: hours, speakers, drops by reason, settings."""
    from pipeline.cli.summary import summarise_manifest
    from pipeline.contract.manifest_file import read_manifest

    content = read_manifest(manifest)
    if other is not None:
        from pipeline.dataset.compare import compare_manifests

        lines = compare_manifests(content, read_manifest(other))
        print_text("\n".join(lines) if lines else "no difference, apart from when and where they were made")
    elif as_json:
        print_json(content.to_json())
    else:
        print_text(summarise_manifest(content))


@click.command()
@click.argument("manifests", nargs=-1, required=True, type=PATH)
@OUTPUT
@click.option("--name", help="Name of the dataset. [default: the manifests' own, if they share one]")
@click.option("--mixed-settings", is_flag=True, help="Also join shards made with different settings.")
@ROOT
@ALLOW_OUTSIDE
def merge(
    *,
    manifests: tuple[Path, ...],
    output: Path,
    name: str | None,
    mixed_settings: bool,
    root: Path | None,
    allow_outside: bool,
) -> None:
    """Join MANIFESTS, or the parts of one run, into one; the shards stay where they are."""
    from pipeline.contract.opened import open_manifest
    from pipeline.dataset.merge import merge_manifests

    if os.path.realpath(output) in map(os.path.realpath, manifests):
        raise InputRejected(f"-o {output} would replace one of the manifests to merge; give another name")
    opened = [open_manifest(path, root=root, allow_outside=allow_outside) for path in manifests]
    merged = merge_manifests(
        opened,
        output,
        name=name,
        command=command_line(),
        mixed_settings=mixed_settings,
        root_named=root is not None,
    )
    _print_summary(output, merged)


@click.command()
@click.argument("manifest", type=PATH)
@OUTPUT
@click.option("--valid", type=click.FloatRange(0, 1), default=0.0, metavar="FRACTION")
@click.option("--test", type=click.FloatRange(0, 1), default=0.0, metavar="FRACTION")
@click.option("--by", type=click.Choice(["speaker", "utterance"]), default="speaker", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--valid-speaker", "valid_speakers", multiple=True, help="Use this speaker for validation.")
@click.option("--test-speaker", "test_speakers", multiple=True, help="Use this speaker for testing.")
@ROOT
@ALLOW_OUTSIDE
def split(
    *,
    manifest: Path,
    output: Path,
    valid: float,
    test: float,
    by: str,
    seed: int,
    valid_speakers: tuple[str, ...],
    test_speakers: tuple[str, ...],
    root: Path | None,
    allow_outside: bool,
) -> None:
    """Divide MANIFEST into train, valid and test; a speaker is never in two of them."""
    from pipeline.contract.opened import open_manifest
    from pipeline.dataset.split import split_manifest
    from pipeline.shards.settings import SplitSettings

    settings = SplitSettings.from_tables(
        {
            "by": by,
            "valid": valid,
            "test": test,
            "seed": seed,
            "valid_speakers": valid_speakers,
            "test_speakers": test_speakers,
        }
    )
    opened = open_manifest(manifest, root=root, allow_outside=allow_outside)
    _print_summary(output, split_manifest(opened, output, settings=settings, command=command_line()))


@click.command("filter")
@click.argument("manifest", type=PATH)
@click.argument("expression")
@OUTPUT
@ROOT
@ALLOW_OUTSIDE
def filter_rows(
    *, manifest: Path, expression: str, output: Path, root: Path | None, allow_outside: bool
) -> None:
    """Keep the rows of MANIFEST for which EXPRESSION holds, such as "duration_s < 15"."""
    from pipeline.contract.opened import open_manifest
    from pipeline.dataset.filter import filter_manifest

    opened = open_manifest(manifest, root=root, allow_outside=allow_outside)
    _print_summary(output, filter_manifest(opened, output, expression=expression, command=command_line()))


@click.command()
@click.argument("manifest", type=PATH)
@click.option("-o", "--output", required=True, type=PATH, help="The page to write (*.html).")
@click.option("--raw", multiple=True, type=PATH, help="The raw corpus, to hear recordings as they were.")
@click.option("--samples", type=click.IntRange(0, 200), default=20, show_default=True, metavar="N")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Picks the samples.")
@ROOT
@ALLOW_OUTSIDE
def report(
    *,
    manifest: Path,
    output: Path,
    raw: tuple[Path, ...],
    samples: int,
    seed: int,
    root: Path | None,
    allow_outside: bool,
) -> None:
    """Write one offline page to judge MANIFEST by: figures, charts, samples to hear."""
    from pipeline.contract.opened import open_manifest
    from pipeline.report import write_report

    opened = open_manifest(manifest, root=root, allow_outside=allow_outside)
    num_bytes = write_report(opened, output, raw=raw, samples=samples, seed=seed)
    print_note(f"wrote {output}, {num_bytes / 1e6:.1f} MB")


@click.command()
@click.argument("manifest", type=PATH)
@click.option("--to", "target", required=True, type=click.Choice(["nemo", "hf"]))
@click.option("-o", "--output", required=True, type=PATH, help="The folder to make.")
@ROOT
@ALLOW_OUTSIDE
def export(*, manifest: Path, target: str, output: Path, root: Path | None, allow_outside: bool) -> None:
    """Write the utterances of MANIFEST in NeMo's layout, or as a Hugging Face dataset."""
    from pipeline.contract.opened import open_manifest

    opened = open_manifest(manifest, root=root, allow_outside=allow_outside)
    if target == "nemo":
        from pipeline.export.nemo import export_nemo

        export_nemo(opened, output)
    else:
        from pipeline.export.huggingface import export_huggingface

        export_huggingface(opened, output)
    print_note(f"wrote {opened.manifest.counts.kept} utterances to {output}")


def _print_summary(path: Path, manifest: "Manifest") -> None:
    from pipeline.cli.summary import summarise_derived

    print_text(summarise_derived(manifest))
    splits = {shard.split for shard in manifest.shards}
    if not splits:
        print_note("note: no row is left")
    elif len(splits) == 1:
        print_note(f"note: every row is in the split {splits.pop()}")
    print_note(f"wrote {path}")
