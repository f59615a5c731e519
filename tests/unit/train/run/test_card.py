"""What strangers named is plain text in the card, the tables and the pictures of a run."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from train.evaluation.confusions import NOTHING, confusions_csv, confusions_svg, count_confusions
from train.run.card import model_card

HOSTILE = [
    "<script>alert(1)</script>", "| a | b |", "](https://x.example)", "![x](y)", "# title", "```\n# x",
    "**x**", "a\n\n# b", "\x1b[2J", "\x00", "\ud800", "<!--", "~~x~~", "&lt;", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strangers_names_are_plain_text_in_the_card(copied, name):
    record = copied.last().record
    sound = model_card(record)
    (manifest,) = record.manifests
    manifest = manifest.model_copy(
        update={"name": name, "corpora": (name, name), "denoisers": (name,), "front_ends": ()}
    )
    vocabulary = record.vocabulary.model_copy(update={"name": name, "language": name})
    card = model_card(
        record.model_copy(update={"manifests": (manifest,), "vocabulary": vocabulary, "command": name})
    )
    text = "\n".join(line for line in card.splitlines() if not line.startswith("    "))  # indented: as it is
    assert len(card.splitlines()) == len(sound.splitlines())
    assert "<" not in text.replace("<this folder>", "")
    assert all(char == "\n" or char.isprintable() for char in card)
    meant = re.sub(r"\\.", "", text.split("```json")[0])  # without what is escaped
    assert not any(mark in meant for mark in ("**", "~~", "](", "```", "[x"))
    (row,) = [line for line in card.splitlines() if line.endswith("` |")]
    assert row.replace("\\|", "").count("|") == 5


FORMULAS = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1+1", "=1"]


@pytest.mark.parametrize("symbol", FORMULAS)
def test_no_cell_is_a_formula(symbol):
    row = {"reference": symbol.replace(" ", ""), "hypothesis": "a"}
    for line in csv.reader(io.StringIO(confusions_csv(count_confusions([row])))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line if cell != NOTHING)


@pytest.mark.parametrize("symbol", ["\x00", "\x08", "\x1b[2J", "\ud800", "\ufffe", "<b>", "&", "\u0085x"])
def test_the_picture_is_xml_whatever_the_symbols_are(symbol):
    confusions = {(symbol, "a"): 1, ("a", symbol): 2}
    picture = confusions_svg(Counter(confusions))
    root = ET.fromstring(picture.encode())
    assert len(root.findall(".//{*}rect")) == 2
    confusions_csv(Counter(confusions)).encode()
