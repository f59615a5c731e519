"""Commands that need no dataset: how a text is pronounced, which corpora are read, what a machine lacks."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from pipeline.contract.errors import InputRejected
from pipeline.contract.terminal import print_json, print_row, print_text

if TYPE_CHECKING:
    from pipeline.phonology import RuleCard
    from pipeline.record import Labelled


@click.command()
@click.argument("text", nargs=-1)
@click.option("--explain", "is_explained", is_flag=True, help="Show every step, and which rules fired.")
@click.option("--rules", "are_listed", is_flag=True, help="List the rules and their articles.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per text, or per rule.")
def phonemes(*, text: tuple[str, ...], is_explained: bool, are_listed: bool, as_json: bool) -> None:
    """Show how Korean TEXT is pronounced: Hangul as spoken, IPA symbols, romanisation.

    `-` reads lines from standard input.
    """
    if text == ("-",):
        if sys.stdin is None:  # closed by whoever started the program
            raise click.UsageError("standard input is closed; give a TEXT")
        text = tuple(line.strip() for line in sys.stdin if line.strip())
    elif not text and not are_listed:
        raise click.UsageError("give a TEXT, or --rules")
    if are_listed:
        _print_rules(as_json=as_json)
    if is_explained and not as_json:
        for one in text:
            _print_explanation(one)
        return
    for spelling, labelled in _label(text):
        if as_json:
            row = _as_object(spelling, labelled, is_explained=is_explained)
            print_json(json.dumps(row, ensure_ascii=False))
        else:
            print_row(spelling, labelled.pronunciation, " ".join(labelled.ipa), labelled.romanized)


def _label(texts: tuple[str, ...]) -> Iterator[tuple[str, "Labelled"]]:
    from pipeline.phonology import PhonologySettings, label_batch
    from pipeline.record import Rejection

    for spelling, labelled in zip(texts, label_batch(texts, settings=PhonologySettings()), strict=True):
        if isinstance(labelled, Rejection):
            raise InputRejected(f"{spelling!r}: {labelled.detail}")
        if not labelled.labels:
            raise InputRejected(f"{spelling!r}: nothing to pronounce")
        yield spelling, labelled


def _as_object(spelling: str, labelled: "Labelled", *, is_explained: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "text": spelling, "pronunciation": labelled.pronunciation, "ipa": " ".join(labelled.ipa),
        "labels": labelled.labels, "romanized": labelled.romanized,
    }  # fmt: skip
    if is_explained:
        from pipeline.phonology import explain

        told = explain(spelling)
        row["reading"] = told.reading
        row["rules"] = [{"where": fired.where, **_rule_as_object(fired.rule)} for fired in told.fired]
    return row


def _rule_as_object(rule: "RuleCard") -> dict[str, object]:
    return {"name": rule.name, "article": rule.article, "summary": rule.summary}


def _print_explanation(text: str) -> None:
    from pipeline.phonology import explain

    told = explain(text)
    print_row(f"spelling       {told.spelling}")
    if told.reading != told.spelling:
        print_row(f"read as        {told.reading}")
    print_row(f"pronunciation  {told.pronunciation}")
    print_row(f"IPA            {' '.join(told.ipa)}")
    print_row(f"romanisation   {told.romanized}")
    for fired in told.fired:
        article = "" if fired.rule.article == "-" else f" (art. {fired.rule.article})"
        print_row(f"  {fired.where}", f"{fired.rule.name}{article}: {fired.rule.summary}")


def _print_rules(*, as_json: bool) -> None:
    from pipeline.phonology import list_rules

    for rule in list_rules():
        if as_json:
            row = _rule_as_object(rule) | {"examples": [list(pair) for pair in rule.examples]}
            print_json(json.dumps(row, ensure_ascii=False))
        else:
            examples = ", ".join(f"{spelling} [{spoken}]" for spelling, spoken in rule.examples)
            print_row(rule.name, rule.article, rule.summary, examples)


@click.command()
def corpora() -> None:
    """List the corpus layouts that can be read."""
    from pipeline.corpora import READERS

    for name, corpus in READERS.items():
        print_row(name, corpus.record.title, corpus.layout)


@click.command()
def doctor() -> None:
    """Check that this machine has all that the pipeline needs."""
    from pipeline.cli.doctor import examine

    print_text(examine())
