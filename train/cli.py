"""`malsori-train`: fit, evaluate, transcribe. Torch is imported inside the commands."""

import json
from pathlib import Path
from typing import Any

import click

from pipeline.contract.errors import InputRejected, exit_codes


class ExitCodes(click.Group):
    """A group whose commands end with the exit code of their error."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was named."""
        with exit_codes():
            return super().invoke(context)


@click.group(cls=ExitCodes)
@click.version_option(package_name="malsori")
def main() -> None:
    """Train a phone recogniser on the shards of a manifest, measure it, use it."""


@main.command()
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@click.option("--run", "folder", required=True, type=click.Path(path_type=Path), help="The run's folder.")
@click.option("--preset", help="tiny, small, base, large, blstm, or a .toml file's path.  [default: small]")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--resume", is_flag=True, help="Go on with the run in the folder, or start it.")
@click.option("--dry-run", is_flag=True, help="Print the run in numbers and train nothing.")
def fit(
    manifests: tuple[str, ...],
    folder: Path,
    *,
    preset: str | None,
    assignments: tuple[str, ...],
    resume: bool,
    dry_run: bool,
) -> None:
    """Train on the manifests' train split; print the PER of the held-out split.

    A MANIFEST is a path, or a URL that fsspec reads. On several GPUs: torchrun
    --nproc-per-node=N -m train fit ...
    """
    from train.fit import fit
    from train.runs import RunFolder

    if dry_run:
        from train.dataset import open_sources
        from train.job import prepare
        from train.settings import read_settings

        job = prepare(open_sources(manifests), read_settings(preset, assignments))
        click.echo(json.dumps(job.describe() | job.describe_memory(), indent=1))
        return
    summary = fit(manifests, RunFolder(folder), preset=preset, assignments=assignments, resume=resume)
    if summary is not None:
        click.echo(_one_line(summary))


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True)
@click.option("--decoder", type=click.Choice(["greedy"]), default="greedy", show_default=True)
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
def evaluate(checkpoint: Path, manifest: Path, *, split: str, decoder: str, out: Path) -> None:
    """Measure a checkpoint (or a run's best one) on a split of a manifest."""
    from train.dataset import open_sources
    from train.evaluate import evaluate, write_evaluation
    from train.runs import find_checkpoint

    found = find_checkpoint(checkpoint)
    summary, rows = evaluate(found, open_sources([manifest]), split=split, decoder=decoder)
    write_evaluation(out, summary, rows)
    click.echo(_one_line(summary))


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("audio", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="AUDIO...")
@click.option("--decoder", type=click.Choice(["greedy"]), default="greedy", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line instead of path TAB ipa.")
def transcribe(checkpoint: Path, audio: tuple[Path, ...], *, decoder: str, as_json: bool) -> None:
    """Print the IPA of audio files (.pcm of KsponSpeech, wav, flac, mp3, ogg)."""
    from train.device import pick_device
    from train.runs import find_checkpoint
    from train.transcribe import transcribe

    recogniser = find_checkpoint(checkpoint).load_recogniser().for_inference(pick_device("auto"))
    failed = 0
    for row in transcribe(recogniser, audio, decoder=decoder):
        if row.problem is not None:
            click.echo(f"error: {row.problem}", err=True)
            failed += 1
            continue
        ipa = " ".join(row.symbols)
        line = json.dumps({"path": str(row.path), "ipa": ipa}, ensure_ascii=False)
        click.echo(line if as_json else f"{row.path}\t{ipa}")
    if failed:
        raise InputRejected(f"{failed} of {len(audio)} files could not be read")


def _one_line(summary: dict[str, Any]) -> str:
    return (
        f"PER {summary['per']:.4f} on split {summary['split']}: {summary['utterances']} utterances,"
        f" {summary['reference_phones']} phones, {summary['substitutions']} substitutions,"
        f" {summary['deletions']} deletions, {summary['insertions']} insertions"
    )
