"""Whatever texts a stranger wrote into a hand-off: no terminal, page or card shows them as they are."""

import json
import shutil
from pathlib import Path

import pytest
from edited_dataset import edit_dataset, edit_manifest
from handoff_data import Person

from pipeline.contract.files import file_sha256
from pipeline.contract.settings import fingerprint_values

EVIL = "<script>alert(1)</script>\x1b[2J\u202e|`=cmd()\r\n\x9b]]>\ufeff\x07"
COMMANDS = {
    "show": ["show", "{}"],
    "show as json": ["show", "{}", "--json"],
    "verify": ["verify", "{}"],
    "verify deep": ["verify", "{}", "--deep"],
    "filter": ["filter", "{}", "peak < 1", "-o", "out/o.json"],
    "split": ["split", "{}", "--valid", "0.5", "-o", "out/o.json"],
    "merge": ["merge", "{}", "-o", "out/o.json"],
    "report": ["report", "{}", "-o", "out/page.html"],
    "export hf": ["export", "{}", "--to", "hf", "-o", "out/hf"],
    "export nemo": ["export", "{}", "--to", "nemo", "-o", "out/nemo"],
}


def spoil_row(row):
    evil = {name: row[name] + EVIL for name in ("id", "speaker", "text", "pronunciation", "romanized")}
    return row | evil | {"source": row["source"] | {"path": EVIL}, "split": EVIL}


def spoil_manifest(content, *, dropped: Path) -> None:
    """Every text of a manifest that is not a name, a path or a hash."""
    lines = [{"id": EVIL, "stage": EVIL, "reason": EVIL, "detail": EVIL}]
    dropped.write_text("".join(json.dumps(line) + "\n" for line in lines))
    content["dropped"] |= {"sha256": file_sha256(dropped), "rows": 1}
    content["counts"] |= {"read": content["counts"]["read"] + 1, "dropped": {EVIL: 1}}
    content["history"] = [EVIL]
    content["run"] |= {"command": EVIL, "host": EVIL, "started": EVIL}
    speakers = content["statistics"]["speakers"]
    content["statistics"]["speakers"] = {name + EVIL: figures for name, figures in speakers.items()}
    content["statistics"]["phone_counts"][EVIL] = 1
    (settings,) = content["settings"]
    settings["versions"] = {EVIL: EVIL}
    settings["values"] |= {EVIL: {EVIL: [EVIL]}, "silence": {EVIL: EVIL}}
    settings["values"]["denoise"]["engine"] = EVIL
    settings["fingerprint"] = fingerprint_values(settings["values"])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    from handoff_data import write_dataset

    folder = tmp_path_factory.mktemp("hostile")
    radio = write_dataset(folder / "radio", "radio", [Person("a", 3), Person("b", 2, "valid")])
    manifest = edit_dataset(radio, folder / "edited", spoil_row)
    dropped = manifest.parent / "shards" / "radio.dropped.jsonl"
    return edit_manifest(manifest, lambda content: spoil_manifest(content, dropped=dropped))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_terminal_page_or_card_shows_what_a_stranger_wrote_as_it_is(
    hostile, malsori, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    manifest = shutil.copytree(hostile.parent, tmp_path / "copy") / hostile.name
    result = malsori(*(part.format(manifest) for part in COMMANDS[command]))
    assert result.exit_code == (5 if command == "verify deep" else 0), result.output
    odd = "\x1b\x07\r" if command == "show as json" else "\x1b\u202e\x9b\x07\r"
    assert not set(odd) & set(result.output)
    for path in tmp_path.glob("out/**/*"):
        if path.suffix in {".html", ".md"}:
            text = path.read_text(encoding="utf-8")
            assert "<script" not in text
            assert not set("\x1b\x9b\x07\r") & set(text)
            assert path.suffix == ".html" or "\u202e" not in text
    assert malsori("show", hostile, "--diff", manifest).exit_code == 0


def test_json_that_is_shown_means_the_same(hostile, malsori):
    assert json.loads(malsori("show", hostile, "--json").stdout) == json.loads(hostile.read_text())
