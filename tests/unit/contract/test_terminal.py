"""Whatever a name holds and whatever encoding a stream has: one line, no control characters, valid JSON."""

import ast
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.errors import HandOffBroken, InputRejected, exit_codes
from pipeline.contract.terminal import escape_what_streams_lack, print_json, print_note, print_row

ROOT = Path(__file__).parents[3]
ENCODINGS = ["utf-8", "cp949", "ascii", "latin-1", "utf-16"]

NAMES = st.one_of(
    st.binary(min_size=1, max_size=20).map(os.fsdecode),
    st.text(st.characters(), min_size=1, max_size=20),  # with control characters and lone surrogates
    st.sampled_from(["tab\tbreak\n\x1b[2J", "\u202egnp.exe", "\u2028\x85\x9b", "각\u3000각", "\\t", "😀"]),
)


def _printed(encoding: str, monkeypatch: pytest.MonkeyPatch, *arguments: object, by: object) -> str:
    """What a stream of this encoding holds after printing, decoded without tolerance."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        patched.setattr(sys, "stderr", stream)
        escape_what_streams_lack()
        by(*arguments)  # type: ignore[operator]
    content: bytes = stream.detach().getvalue()  # type: ignore[attr-defined]
    return content.decode(encoding)


def _controls(text: str) -> list[str]:
    return [char for char in text if not char.isprintable() and category(char) != "Zs"]


@pytest.fixture(scope="module")
def patch() -> pytest.MonkeyPatch:
    return pytest.MonkeyPatch()


@given(cells=st.lists(NAMES, min_size=1, max_size=4), encoding=st.sampled_from(ENCODINGS))
def test_a_row_is_one_line_with_a_tab_between_cells(
    patch: pytest.MonkeyPatch, cells: list[str], encoding: str
) -> None:
    line = _printed(encoding, patch, *cells, by=print_row)
    assert _controls(line) == ["\t"] * (len(cells) - 1) + ["\n"]
    assert line.endswith("\n")


@given(name=NAMES, encoding=st.sampled_from(ENCODINGS), indent=st.sampled_from([None, 1]))
def test_json_reads_back_with_surrogates_spelled_out(
    patch: pytest.MonkeyPatch, name: str, encoding: str, indent: int | None
) -> None:
    document = json.dumps({"path": name, name: [1.5, None]}, ensure_ascii=False, indent=indent)
    text = _printed(encoding, patch, document, by=print_json)
    spelled = name.encode(errors="backslashreplace").decode()
    assert json.loads(text) == {"path": spelled, spelled: [1.5, None]}
    assert set(_controls(text)) == {"\n"}
    assert indent or text.count("\n") == 1


@given(line=NAMES, more=st.lists(NAMES, max_size=3), encoding=st.sampled_from(ENCODINGS))
def test_a_note_has_the_lines_that_it_was_given(
    patch: pytest.MonkeyPatch, line: str, more: list[str], encoding: str
) -> None:
    assert _controls(_printed(encoding, patch, line, *more, by=print_note)) == ["\n"] * (1 + len(more))


def test_an_error_cannot_fake_a_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (InputRejected("no file x\nerror: all is well"), HandOffBroken("two things:", "a\r\n", "b")):
        with pytest.raises(SystemExit), exit_codes():
            raise error
    assert capsys.readouterr().err.splitlines() == [
        r"error: no file x\nerror: all is well",
        "error: two things:",
        r"  a\r\n",
        "  b",
    ]
    assert str(HandOffBroken("two things:", "a", "b")) == "two things:\n  a\n  b"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_phonemes_in_every_encoding(encoding: str) -> None:
    text = "굳이 밟다"
    command = [sys.executable, "-m", "pipeline", "phonemes", "--json", "--explain", text, text]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.decode(encoding).splitlines()]
    assert [row["text"] for row in rows] == [text, text]
    assert rows[0]["ipa"].startswith("k u dʑ i")


@pytest.mark.parametrize(
    "arguments", [("no\x1b[2Jcommand",), ("verify", "a", "b\x1b[2J\n"), ("show", "--\x9bx")]
)
def test_usage_errors_do_not_repeat_control_characters(malsori, arguments) -> None:  # type: ignore[no-untyped-def]
    result = malsori(*arguments)
    assert result.exit_code == 2
    assert set(_controls(result.stderr)) == {"\n"}


def test_nothing_is_printed_past_the_door() -> None:
    """`print` and `click.echo` know nothing of strangers' names."""
    modules = [path for package in ("pipeline", "train") for path in (ROOT / package).rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(modules)
        if path.name != "terminal.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "click.echo")
    ]
    assert not found, f"print with pipeline.contract.terminal instead: {', '.join(found)}"
