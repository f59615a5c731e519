"""Commands that need no dataset: how a text is pronounced, which corpora are read, what a machine lacks."""

import json
import sys
from collections.abc import Iterator

import click

from pipeline.contract.errors import InputRejected


@click.command()
@click.argument("text", nargs=-1)
@click.option("--explain", "is_explained", is_flag=True, help="Show every step, and which rules fired.")
@click.option("--rules", "are_listed", is_flag=True, help="List the rules and their articles.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per text.")
def phonemes(*, text: tuple[str, ...], is_explained: bool, are_listed: bool, as_json: bool) -> None:
    """Show how Korean TEXT is pronounced: Hangul as spoken, IPA symbols, romanisation.

    `-` reads lines from standard input.
    """
    if text == ("-",):
        text = tuple(line.strip() for line in sys.stdin if line.strip())
    elif not text and not are_listed:
        raise click.UsageError("give a TEXT, or --rules")
    if are_listed:
        for line in _rules():
            click.echo(line)
    if is_explained:
        for one in text:
            click.echo("\n".join(_explanation(one)))
    elif text:
        for line in _labels(text, as_json=as_json):
            click.echo(line)


def _labels(texts: tuple[str, ...], *, as_json: bool) -> Iterator[str]:
    from pipeline.phonology import PhonologySettings, label_batch
    from pipeline.record import Rejection

    for spelling, labelled in zip(texts, label_batch(texts, settings=PhonologySettings()), strict=True):
        if isinstance(labelled, Rejection):
            raise InputRejected(f"{spelling!r}: {labelled.detail}")
        if not labelled.labels:
            raise InputRejected(f"{spelling!r}: nothing to pronounce")
        ipa = " ".join(labelled.ipa)
        if as_json:
            row = {
                "text": spelling, "pronunciation": labelled.pronunciation, "ipa": ipa,
                "labels": labelled.labels, "romanized": labelled.romanized,
            }  # fmt: skip
            yield json.dumps(row, ensure_ascii=False)
        else:
            yield f"{spelling}\t{labelled.pronunciation}\t{ipa}\t{labelled.romanized}"


def _explanation(text: str) -> Iterator[str]:
    from pipeline.phonology import explain

    told = explain(text)
    yield f"spelling       {told.spelling}"
    if told.reading != told.spelling:
        yield f"read as        {told.reading}"
    yield f"pronunciation  {told.pronunciation}"
    yield f"IPA            {' '.join(told.ipa)}"
    yield f"romanisation   {told.romanized}"
    for fired in told.fired:
        article = "" if fired.rule.article == "-" else f" (art. {fired.rule.article})"
        yield f"  {fired.where}\t{fired.rule.name}{article}: {fired.rule.summary}"


def _rules() -> Iterator[str]:
    from pipeline.phonology import list_rules

    for rule in list_rules():
        examples = ", ".join(f"{spelling} [{spoken}]" for spelling, spoken in rule.examples)
        yield "\t".join([rule.name, rule.article, rule.summary, examples])


@click.command()
def corpora() -> None:
    """List the corpus layouts that can be read."""
    from pipeline.corpora import READERS

    for name, corpus in READERS.items():
        click.echo(f"{name}\t{corpus.record.title}\t{corpus.layout}")


@click.command()
def doctor() -> None:
    """Check that this machine has all that the pipeline needs."""
    from pipeline.cli.doctor import examine

    click.echo(examine())
