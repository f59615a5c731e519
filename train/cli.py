"""`malsori-train`: fit, evaluate, transcribe. Torch is imported only inside the commands."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from pipeline.contract.errors import InputRejected, MissingResource, exit_codes
from pipeline.contract.locks import locked
from pipeline.contract.terminal import print_json, print_note, print_row
from pipeline.contract.text import one_line, shorten
from train.decoding import DecoderName
from train.limits import MOST_RECOGNISED_S

if TYPE_CHECKING:
    from train.transcribe import Transcribed

DECODERS: Final = get_args(DecoderName)
NO_MEMORY: Final = ("DefaultCPUAllocator", "CUDA out of memory", "CUDA error: out of memory", "_ALLOC_FAILED")
DECODER_HELP: Final = (
    "greedy takes the best symbol of each frame; beam searches; ngram searches with a phone n-gram of the"
    " train split; words searches for the words of the train split, as they are spelled."
)


class ExitCodes(click.Group):
    """A group whose commands exit with the code that belongs to their error."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            with exit_codes(again="fit with --resume"), _memory_errors():
                return super().invoke(context)
        except click.UsageError as error:  # it may quote a stranger's file name
            raise click.UsageError(one_line(error.format_message()), error.ctx) from error


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Raise torch's errors of memory, the GPU's and the CPU's, as the user's problem that they are."""
    try:
        yield
    except RuntimeError as error:
        if type(error).__name__ == "OutOfMemoryError" or any(sign in str(error) for sign in NO_MEMORY):
            raise MissingResource(
                f"the memory ran out: {shorten(str(error).splitlines()[0])}; free some, or lower"
                " batching.budget_s"
            ) from error
        raise


@click.group(cls=ExitCodes, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="malsori")
def main() -> None:
    """Train a phone recogniser on the shards of manifests, measure it, use it."""


@main.command("fit")
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@click.option(
    "--run",
    "--run-dir",  # torchrun would take --run as an option of its own
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for checkpoints, metrics and the evaluation (with torchrun: --run-dir).",
)
@click.option(
    "--preset", help="tiny, small, base, large, blstm, or the path of a .toml file.  [default: small]"
)
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Change a setting, e.g. loop.epochs=10."
)
@click.option("--resume", is_flag=True, help="Continue the run in the folder; start it if there is none.")
@click.option("--dry-run", is_flag=True, help="Print batches, layers and memory as JSON; train nothing.")
def fit_command(
    manifests: tuple[str, ...],
    folder: Path,
    *,
    preset: str | None,
    assignments: tuple[str, ...],
    resume: bool,
    dry_run: bool,
) -> None:
    """Train on the train split of manifests and print the PER on their test split.

    A MANIFEST is a path, or a URL that fsspec can read. On several GPUs:

    torchrun --nproc-per-node=N -m train fit MANIFEST --run-dir DIR
    """
    from train.run.fit import fit
    from train.run.folder import RunFolder

    if dry_run:
        from train.data.sources import open_sources
        from train.loop.setup import set_up_training
        from train.settings import read_settings

        setup = set_up_training(open_sources(manifests), read_settings(preset, assignments))
        print_json(json.dumps(setup.describe() | setup.describe_memory(), indent=1))
        return
    summary = fit(manifests, RunFolder(folder), preset=preset, assignments=assignments, resume=resume)
    if summary is not None:
        print_row(_one_line(summary))


@main.command("evaluate")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("manifest")
@click.option("--split", default="test", show_default=True, help="train, valid or test.")
@click.option(
    "--decoder", type=click.Choice(DECODERS), default="greedy", show_default=True, help=DECODER_HELP
)
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
def evaluate_command(checkpoint: Path, manifest: str, *, split: str, decoder: str, out: Path) -> None:
    """Measure a checkpoint, or a run's best checkpoint, on a split of a manifest.

    Writes evaluation.json, evaluation.html, utterances.jsonl and confusions.csv and .svg. The
    decoders ngram and words make their language models and tune their weights at the first use,
    and keep both in the run's folder.
    """
    from train.data.sources import open_sources
    from train.evaluation.evaluate import evaluate, require_own_folder, require_rows, write_evaluation
    from train.run.folder import find_checkpoint

    found, sources = find_checkpoint(checkpoint), open_sources([manifest])
    require_rows(sources, split)
    require_own_folder(out)
    for source in sources:
        source.check_hashes(split)
    summary, rows = evaluate(found, sources, split=split, decoder=decoder)
    with locked(out, option="--out"):
        write_evaluation(out, summary, rows)
    print_row(_one_line(summary))


@main.command("transcribe")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("audio", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="AUDIO...")
@click.option(
    "--decoder",
    type=click.Choice(DECODERS),
    help=f"{DECODER_HELP}  [default: greedy; with --hangul: words, if evaluate has made that decoder]",
)
@click.option(
    "--hangul",
    is_flag=True,
    help="Add Hangul: words as they are spelled (decoder words), or else syllables as they sound.",
)
@click.option("--times", is_flag=True, help="Print when each phone was heard, by CTC forced alignment.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each file.")
def transcribe_command(
    checkpoint: Path,
    audio: tuple[Path, ...],
    *,
    decoder: str | None,
    hangul: bool,
    times: bool,
    as_json: bool,
) -> None:
    r"""Print the IPA of audio files, and of the audio files in folders.

    Each line is path TAB ipa [TAB hangul], or with --times path TAB start TAB end TAB symbol. Control
    characters of a path, and bytes that are not UTF-8, are escaped: tab, for one, as \t.
    """
    from train.decoding.decoder import has_words, open_decoder
    from train.loop.distributed import pick_device
    from train.run.folder import find_checkpoint
    from train.run.logs import say
    from train.transcribe import find_audio, transcribe

    if hangul and times and not as_json:
        raise click.UsageError("--hangul and --times together need --json")
    found = find_checkpoint(checkpoint)
    recogniser = found.load_recogniser().for_inference(pick_device("auto"))
    if decoder is None:
        decoder = "words" if hangul and has_words(recogniser, found) else "greedy"
    decode = open_decoder(decoder, recogniser, found).decode
    if found.record.front_end_warning:
        say(found.record.front_end_warning)
    failed, files = 0, list(find_audio(audio))
    for row in transcribe(recogniser, files, decode, front_end=found.record.front_end):
        if row.problem is not None:
            print_note(f"error: {row.problem}")
            failed += 1
        else:
            _print(row, hangul=hangul, times=times, as_json=as_json)
    if failed:
        rest = "; the others are transcribed" if failed < len(files) else ""
        raise InputRejected(f"{failed} of {len(files)} files could not be read{rest}")


def _print(row: "Transcribed", *, hangul: bool, times: bool, as_json: bool) -> None:
    if as_json:
        content: dict[str, Any] = {"path": str(row.path), "seconds": row.seconds, "ipa": row.ipa}
        content |= {"hangul": row.hangul} if hangul else {}
        content |= {"times": [asdict(phone) for phone in row.phones]} if times else {}
        print_json(json.dumps(content, ensure_ascii=False))
    elif times:
        for phone in row.phones:
            print_row(str(row.path), f"{phone.start_s:.3f}", f"{phone.end_s:.3f}", phone.symbol)
    else:
        print_row(str(row.path), row.ipa, *([row.hangul] if hangul else []))


def _one_line(summary: dict[str, Any]) -> str:
    optimistic = summary["split"] == "valid" and summary.get("tuned_on", 0) > 0
    return (
        f"PER {summary['per']:.4f} on split {summary['split']}: {summary['utterances']} utterances,"
        f" {summary['reference_phones']} phones, {summary['substitutions']} substitutions,"
        f" {summary['deletions']} deletions, {summary['insertions']} insertions"
        + (
            f"; {summary['unreadable']} more could not be read, or last over {MOST_RECOGNISED_S:.0f} s"
            if summary["unreadable"]
            else ""
        )
        + ("; optimistic: use a split that the decoder's weights were not tuned on" if optimistic else "")
    )
