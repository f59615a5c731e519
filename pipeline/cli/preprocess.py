"""`malsori preprocess`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pipeline.cli.options import PATH, FiniteFloat, command_line
from pipeline.contract.errors import InputRejected
from pipeline.contract.terminal import print_note, print_text
from pipeline.contract.text import as_text

if TYPE_CHECKING:
    from pipeline.corpora import Corpus
    from pipeline.job.plan import Part

MOST_SECONDS = 1e6  # over a week; the system's timers end somewhere beyond


@click.command("preprocess")
@click.argument("raw", type=PATH)
@click.option(
    "--corpus",
    required=True,
    help="The layout of RAW (`malsori corpora` lists them), layout:name, or auto.",
)
@click.option("--out", required=True, type=PATH, help="Folder for the shards.")
@click.option("--manifest", required=True, type=PATH, help="The manifest to write (*.json).")
@click.option("--name", help="Name of the dataset. [default: the manifest's file name]")
@click.option("--title", help="What the recordings are, for the manifest. [default: the corpus' own title]")
@click.option("--licence", help="Their licence, for the manifest. [default: the corpus' own licence]")
@click.option("--preset", type=PATH, help="Read settings from this TOML file.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.KEY=VALUE", help="Change one setting.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes. [default: all cores but one]")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read only the first N utterances.")
@click.option("--part", metavar="I/N", help="Do only the I-th of N parts; `malsori merge` joins them.")
@click.option(
    "--backend",
    type=click.Choice(["loky", "dask", "ray"]),
    default="loky",
    show_default=True,
    help="Where the work is done: in worker processes here (loky), or on a cluster.",
)
@click.option("--address", help="The Dask scheduler or Ray head. [default: a new cluster on this machine]")
@click.option(
    "--max-memory",
    type=click.IntRange(min=1),
    metavar="MB",
    help="What all workers together may take. [default: all that is free]",
)
@click.option(
    "--timeout",
    type=FiniteFloat(min=1, max=MOST_SECONDS),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up an utterance whose text or audio takes longer than this.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be made, replaced and removed; do nothing.")
@click.option(
    "--fresh", is_flag=True, help="Do finished shards again, and replace what other commands left there."
)
@click.option("--profile", is_flag=True, help="Print where the time went.")
@click.option(
    "--max-dropped",
    type=FiniteFloat(0, 1),
    default=1.0,
    metavar="FRACTION",
    help="Exit with code 4 if more than this share of the utterances is dropped.",
)
def preprocess_command(
    *,
    raw: Path,
    corpus: str,
    out: Path,
    manifest: Path,
    name: str | None,
    title: str | None,
    licence: str | None,
    preset: Path | None,
    overrides: tuple[str, ...],
    jobs: int | None,
    limit: int | None,
    part: str | None,
    backend: Literal["loky", "dask", "ray"],
    address: str | None,
    max_memory: int | None,
    timeout: float,
    dry_run: bool,
    fresh: bool,
    profile: bool,
    max_dropped: float,
) -> None:
    """Turn the recordings and transcripts under RAW into shards and a manifest."""
    from pipeline.cli.summary import held_out_hint, profile_table, summarise_run
    from pipeline.job.plan import Part
    from pipeline.job.resources import default_jobs, fitting_jobs
    from pipeline.job.run import Request, describe_dry_run, preprocess
    from pipeline.settings import load_settings

    settings, lexicon = load_settings(preset=preset, overrides=overrides)
    own_part = None if part is None else Part.parse(part)
    request = Request(
        root=raw,
        corpus=_describe_corpus(_find_corpus(corpus, raw), title=title, licence=licence),
        out=out,
        manifest=_manifest_path(manifest, own_part),
        name=as_text(name or manifest.stem),
        settings=settings,
        lexicon=lexicon,
        jobs=fitting_jobs(jobs or default_jobs(), max_memory_mb=max_memory),
        limit=limit,
        part=own_part,
        fresh=fresh,
        max_dropped=max_dropped,
        limit_s=timeout,
        backend=backend,
        address=address,
        command=command_line(),
    )
    if dry_run:
        print_text(describe_dry_run(request))
        return
    finished = preprocess(request)
    print_text(summarise_run(finished.manifest, reused=finished.reused))
    hint = held_out_hint(finished.manifest, str(request.manifest))
    if hint is not None:
        print_note(hint)
    dropped = out / finished.manifest.dropped.path
    print_note(f"wrote {request.manifest}; {dropped} lists the dropped utterances")
    if profile:
        print_text(profile_table(finished.timings, audio_s=finished.manifest.statistics.seconds_in))


def _find_corpus(name: str, raw: Path) -> "Corpus":
    from pipeline.corpora import detect_corpus, find_corpus

    if name != "auto":
        return find_corpus(name)
    detected = detect_corpus(raw)
    print_note(f"{raw} looks like {detected.name}: {detected.evidence}")
    return find_corpus(detected.name)


def _describe_corpus(corpus: "Corpus", *, title: str | None, licence: str | None) -> "Corpus":
    from pydantic import ValidationError

    from pipeline.contract.manifest import CorpusRecord
    from pipeline.contract.validation import first_problem

    given = {"title": title, "licence": licence}
    told = {key: as_text(value) for key, value in given.items() if value is not None}
    try:
        record = CorpusRecord.model_validate({**corpus.record.model_dump(), **told})
    except ValidationError as error:
        raise InputRejected(f"--title and --licence: {first_problem(error)}") from error
    return replace(corpus, record=record)


def _manifest_path(manifest: Path, part: "Part | None") -> Path:
    """Where the manifest of the run, or of its part, is written."""
    if manifest.suffix != ".json":
        raise InputRejected(f"--manifest {manifest}: expected a name that ends in .json")
    if part is None:
        return manifest
    return manifest.with_stem(f"{manifest.stem}.part-{part.number}-of-{part.of}")
