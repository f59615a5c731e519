"""`malsori preprocess`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import FOLDER, command_line
from pipeline.contract.errors import InputRejected

if TYPE_CHECKING:
    from pipeline.corpora import Corpus
    from pipeline.job.run import Request


@click.command()
@click.argument("raw", type=FOLDER)
@click.option(
    "--corpus", required=True, help="A layout (`malsori corpora` lists them), layout:name, or auto."
)
@click.option("--out", required=True, type=FOLDER, help="Folder for the shards.")
@click.option("--manifest", required=True, type=FOLDER, help="The manifest to write (*.json).")
@click.option("--name", help="Name of the dataset; as a rule the manifest's file name.")
@click.option("--title", help="What the recordings are, for the manifest; as a rule the corpus' own.")
@click.option("--licence", help="Their licence, for the manifest; as a rule the corpus' own.")
@click.option("--preset", type=FOLDER, help="Settings from a .toml file.")
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
    from pipeline.cli.summary import held_out_hint, profile_table, summarise_run
    from pipeline.job.run import describe_plan, plan_request
    from pipeline.job.run import preprocess as run_preprocess

    request = _request(raw, manifest, options)
    if options["dry_run"]:
        click.echo(describe_plan(plan_request(request), request))
        return
    outcome = run_preprocess(request)
    click.echo(summarise_run(outcome.manifest, reused=outcome.reused))
    hint = held_out_hint(outcome.manifest, str(request.manifest))
    if hint is not None:
        click.echo(hint, err=True)
    if options["profile"]:
        click.echo(profile_table(outcome.timings, audio_s=outcome.manifest.statistics.seconds_in))


def _corpus(name: str, raw: Path) -> "Corpus":
    from pipeline.corpora import detect_corpus, find_corpus

    if name != "auto":
        return find_corpus(name)
    detected = detect_corpus(raw)
    click.echo(f"{raw} is taken for {detected.name}: {detected.evidence}", err=True)
    return find_corpus(detected.name)


def _described(corpus: "Corpus", options: dict[str, Any]) -> "Corpus":
    given = {key: options[key] for key in ("title", "licence") if options[key] is not None}
    return replace(corpus, record=corpus.record.model_copy(update=given))


def _request(raw: Path, manifest: Path, options: dict[str, Any]) -> "Request":
    from pipeline.job.plan import Part
    from pipeline.job.resources import default_jobs, fitting_jobs
    from pipeline.job.run import Request
    from pipeline.settings import load_settings

    if manifest.suffix != ".json":
        raise InputRejected(f"--manifest {manifest}: expected a name that ends in .json")
    name, part = options["name"] or manifest.stem, None
    if options["part"] is not None:
        part = Part.parse(options["part"])
        manifest = manifest.with_stem(f"{manifest.stem}.part-{part.number}-of-{part.of}")
    return Request(
        root=raw,
        corpus=_described(_corpus(options["corpus"], raw), options),
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
        command=command_line(),
    )
