"""The command line of the pipeline: `malsori`.

Results go to stdout, everything else to stderr; exit codes are those of
`pipeline.contract.errors`. Heavy imports happen inside the commands.
"""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.contract.errors import InputRejected, exit_codes

if TYPE_CHECKING:
    from pipeline.contract.manifest import Manifest
    from pipeline.corpora import Corpus
    from pipeline.run import Request

FOLDER = click.Path(path_type=Path)


class Commands(click.Group):
    """Commands whose errors become one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command under `exit_codes`."""
        with exit_codes():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="malsori", message="%(version)s")
def main() -> None:
    """From raw Korean speech recordings to shards that a recogniser is trained on."""


@main.command()
@click.argument("raw", type=FOLDER)
@click.option(
    "--corpus", required=True, help="A layout (`malsori corpora` lists them), layout:name, or auto."
)
@click.option("--out", required=True, type=FOLDER, help="Folder for the shards.")
@click.option("--manifest", required=True, type=FOLDER, help="The manifest to write (*.json).")
@click.option("--name", help="Name of the dataset; as a rule the manifest's file name.")
@click.option("--preset", default="default", show_default=True, help="Bundled settings, or a .toml file.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.KEY=VALUE", help="Change one setting.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; all cores but one as a rule.")
@click.option("--limit", type=click.IntRange(min=1), help="Read only the first N utterances.")
@click.option(
    "--part", "part", metavar="I/N", help="Do only this box' share of N; `malsori merge` joins them."
)
@click.option("--backend", type=click.Choice(["loky", "dask", "ray"]), default="loky", show_default=True)
@click.option("--address", help="Of the Dask scheduler or Ray head; without it a cluster is started here.")
@click.option("--max-memory", type=click.IntRange(min=1), metavar="MB", help="For all workers together.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Time one utterance may take.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--fresh", is_flag=True, help="Do finished shards again.")
@click.option("--profile", is_flag=True, help="Show where the time went.")
@click.option(
    "--max-dropped", type=click.FloatRange(0, 1), default=1.0, metavar="FRACTION",
    help="Exit with 4 when a larger share is dropped.",
)  # fmt: skip
def preprocess(raw: Path, manifest: Path, **options: Any) -> None:
    """Turn the recordings and transcripts under RAW into shards and a manifest."""
    from pipeline.run import describe_plan, plan_request
    from pipeline.run import preprocess as run_preprocess
    from pipeline.summary import profile_table, summarise_run

    request = _request(raw, manifest, options)
    if options["dry_run"]:
        click.echo(describe_plan(plan_request(request), request))
        return
    outcome = run_preprocess(request)
    click.echo(summarise_run(outcome.manifest))
    if options["profile"]:
        click.echo(profile_table(outcome.timings, audio_s=outcome.manifest.statistics.seconds_in))


def _corpus(name: str, raw: Path) -> "Corpus":
    from pipeline.corpora import detect, find_corpus

    if name != "auto":
        return find_corpus(name)
    detected = detect(raw)
    click.echo(f"{raw} is taken for {detected.name}: {detected.saw}", err=True)
    return find_corpus(detected.name)


def _request(raw: Path, manifest: Path, options: dict[str, Any]) -> "Request":
    from pipeline.engine.resources import default_jobs, fitting_jobs
    from pipeline.plan import Part
    from pipeline.run import Request
    from pipeline.settings import load_settings

    if manifest.suffix != ".json":
        raise InputRejected(f"--manifest {manifest}: expected a name that ends in .json")
    name, part = options["name"] or manifest.stem, None
    if options["part"] is not None:
        part = Part.parse(options["part"])
        manifest = manifest.with_stem(f"{manifest.stem}.part-{part.number}-of-{part.of}")
    return Request(
        root=raw,
        corpus=_corpus(options["corpus"], raw),
        out=options["out"],
        manifest=manifest,
        name=name,
        settings=load_settings(preset=options["preset"], overrides=options["overrides"]),
        jobs=fitting_jobs(options["jobs"] or default_jobs(), max_memory_mb=options["max_memory"]),
        limit=options["limit"],
        part=part,
        fresh=options["fresh"],
        max_dropped=options["max_dropped"],
        limit_s=options["timeout"],
        backend=options["backend"],
        address=options["address"],
        command=_command(),
    )


ROOT = click.option("--root", type=FOLDER, help="Where the shards lie, if they were moved.")
ALLOW_OUTSIDE = click.option(
    "--allow-outside", is_flag=True, help="Follow links that lead out of the shards' folder."
)


def _named_json(_context: click.Context, _option: click.Parameter, path: Path) -> Path:
    """A slip must not write over a shard."""
    if path.suffix != ".json":
        raise InputRejected(f"{path}: expected the name of a manifest, one that ends in .json")
    return path


OUTPUT = click.option(
    "-o", "--output", required=True, type=FOLDER, callback=_named_json, help="The manifest to write (*.json)."
)


@main.command()
@click.argument("manifest", type=FOLDER)
@click.option("--deep", is_flag=True, help="Decode every row and derive its labels again.")
@ROOT
@ALLOW_OUTSIDE
def verify(manifest: Path, root: Path | None, **options: bool) -> None:
    """Check that the shards are what MANIFEST says."""
    from pipeline.contract.opened import open_manifest
    from pipeline.handoff.verify import verify_manifest

    opened = open_manifest(manifest, root=root, allow_outside=options["allow_outside"])
    verify_manifest(opened, deep=options["deep"])
    depth = "hashes, rows, audio and labels" if options["deep"] else "hashes and rows"
    shards, kept = len(opened.manifest.shards), opened.manifest.counts.kept
    click.echo(f"{manifest}: {shards} shards, {kept} utterances, {depth} as recorded")


@main.command()
@click.argument("manifest", type=FOLDER)
@click.option("--diff", "other", type=FOLDER, help="Show how MANIFEST differs from this one.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest's content.")
def show(manifest: Path, other: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Show what MANIFEST describes: hours, speakers, drops by reason, settings."""
    from pipeline.contract.manifest import read_manifest
    from pipeline.handoff.compare import compare_manifests
    from pipeline.summary import summarise_manifest

    content = read_manifest(manifest)
    if other is not None:
        lines = compare_manifests(content, read_manifest(other))
        click.echo("\n".join(lines) if lines else "no difference but in the facts of the runs")
    elif as_json:
        click.echo(content.to_json(), nl=False)
    else:
        click.echo(summarise_manifest(content))


@main.command()
@click.argument("manifests", nargs=-1, required=True, type=FOLDER)
@OUTPUT
@click.option("--name", help="Name of the dataset; that of the manifests if they agree.")
@click.option("--mixed-settings", is_flag=True, help="Also join what was made with different settings.")
@ROOT
@ALLOW_OUTSIDE
def merge(
    manifests: tuple[Path, ...], output: Path, name: str | None, root: Path | None, **options: bool
) -> None:
    """Join MANIFESTS, or the parts of one run, into one; the shards stay where they are."""
    from pipeline.contract.opened import open_manifest
    from pipeline.handoff.merge import merge_manifests

    merged = merge_manifests(
        [open_manifest(path, root=root, allow_outside=options["allow_outside"]) for path in manifests],
        output,
        name=name,
        command=_command(),
        mixed_settings=options["mixed_settings"],
    )
    _tell_derived(output, merged)


@main.command()
@click.argument("manifest", type=FOLDER)
@OUTPUT
@click.option("--valid", type=click.FloatRange(0, 1), default=0.0, metavar="FRACTION")
@click.option("--test", type=click.FloatRange(0, 1), default=0.0, metavar="FRACTION")
@click.option("--by", type=click.Choice(["speaker", "utterance"]), default="speaker", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--valid-speaker", "valid_speakers", multiple=True, help="This speaker is for validation.")
@click.option("--test-speaker", "test_speakers", multiple=True, help="This speaker is for testing.")
@ROOT
@ALLOW_OUTSIDE
def split(
    manifest: Path,
    output: Path,
    root: Path | None,
    allow_outside: bool,  # noqa: FBT001 - click's flag
    **options: Any,
) -> None:
    """Divide MANIFEST into train, valid and test; a speaker is never in two of them."""
    from pipeline.contract.opened import open_manifest
    from pipeline.handoff.split import split_manifest
    from pipeline.shards import SplitSettings

    settings = SplitSettings.from_tables(options)
    opened = open_manifest(manifest, root=root, allow_outside=allow_outside)
    _tell_derived(output, split_manifest(opened, output, settings=settings, command=_command()))


@main.command("filter")
@click.argument("manifest", type=FOLDER)
@click.argument("expression")
@OUTPUT
@ROOT
@ALLOW_OUTSIDE
def filter_rows(manifest: Path, expression: str, output: Path, root: Path | None, **options: bool) -> None:
    """Narrow MANIFEST down to the rows for which EXPRESSION holds, such as "duration_s < 15"."""
    from pipeline.contract.opened import open_manifest
    from pipeline.handoff.select import select_rows

    opened = open_manifest(manifest, root=root, allow_outside=options["allow_outside"])
    _tell_derived(output, select_rows(opened, output, expression=expression, command=_command()))


@main.command()
@click.argument("manifest", type=FOLDER)
@click.option("-o", "--output", required=True, type=FOLDER, help="The page to write (*.html).")
@click.option(
    "--raw", "raw", multiple=True, type=FOLDER, help="The raw corpus, to hear utterances before processing."
)
@click.option("--samples", type=click.IntRange(0, 200), default=20, show_default=True, metavar="N")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sample.")
@ROOT
@ALLOW_OUTSIDE
def report(manifest: Path, output: Path, root: Path | None, **options: Any) -> None:
    """Write one offline page by which MANIFEST can be judged: figures, charts, samples to hear."""
    from pipeline.contract.opened import open_manifest
    from pipeline.report import write_report

    opened = open_manifest(manifest, root=root, allow_outside=options["allow_outside"])
    num_bytes = write_report(
        opened, output, raw=options["raw"], samples=options["samples"], seed=options["seed"]
    )
    click.echo(f"wrote {output}, {num_bytes / 1e6:.1f} MB", err=True)


@main.command()
@click.argument("manifest", type=FOLDER)
@click.option("--to", "target", required=True, type=click.Choice(["nemo", "hf"]))
@click.option("-o", "--output", required=True, type=FOLDER, help="The folder to make.")
@ROOT
@ALLOW_OUTSIDE
def export(manifest: Path, output: Path, root: Path | None, **options: Any) -> None:
    """Write the utterances of MANIFEST in NeMo's layout, or as a Hugging Face dataset."""
    from pipeline.contract.opened import open_manifest

    opened = open_manifest(manifest, root=root, allow_outside=options["allow_outside"])
    if options["target"] == "nemo":
        from pipeline.exports.nemo import export_nemo

        export_nemo(opened, output)
    else:
        from pipeline.exports.huggingface import export_huggingface

        export_huggingface(opened, output)
    click.echo(f"wrote {opened.manifest.counts.kept} utterances to {output}", err=True)


def _command() -> str:
    return shlex.join(["malsori", *sys.argv[1:]])


def _tell_derived(path: Path, manifest: "Manifest") -> None:
    from pipeline.summary import summarise_derived

    click.echo(summarise_derived(manifest))
    click.echo(f"wrote {path}", err=True)


@main.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a text.")
def phonemes(text: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Show how Korean TEXT is pronounced: Hangul as spoken, IPA symbols, romanisation."""
    import json

    from pipeline.phonology import PhonologySettings, label_batch
    from pipeline.record import Rejection

    for spelling, labelled in zip(text, label_batch(text, settings=PhonologySettings()), strict=True):
        if isinstance(labelled, Rejection):
            raise InputRejected(f"{spelling!r}: {labelled.detail}")
        ipa = " ".join(labelled.ipa)
        if as_json:
            row = {
                "text": spelling, "pronunciation": labelled.pronunciation, "ipa": ipa,
                "labels": labelled.labels, "romanized": labelled.romanized,
            }  # fmt: skip
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo(f"{spelling}\t{labelled.pronunciation}\t{ipa}\t{labelled.romanized}")


@main.command()
def corpora() -> None:
    """List the corpus layouts that can be read."""
    from pipeline.corpora import READERS

    for name, corpus in READERS.items():
        click.echo(f"{name}\t{corpus.record.title}\t{corpus.layout}")


@main.command()
def doctor() -> None:
    """Check that this machine has all that the pipeline needs."""
    from pipeline.doctor import examine

    click.echo(examine())
