"""`transcribe` of files that strangers named: one line or object a file, and no file stops the others."""

import json
import os
import shutil
from unicodedata import category

import pytest
import soundfile
from click.testing import CliRunner

from train.cli import main

NAMES = [
    "한글.wav".encode("cp949"),
    b"\xff\xfe.wav",
    b"tab\tbreak\n.wav",
    b"\x1b[2Jesc.wav",
    "c1 \x85\x9b.wav".encode(),
    "\u202evaw.wav".encode(),
    "\u2028.wav".encode(),
    "😀 각.wav".encode(),
    b"back\\slash.wav",
]


@pytest.fixture
def named(tmp_path, make_tones):
    """A folder of recordings with those names, and five things that are no recordings."""
    (row,) = make_tones(1, "test", seed=5)
    first = tmp_path / "tones.wav"
    soundfile.write(first, row.samples, 16_000)
    folder = tmp_path / "named"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(first, os.fsencode(folder) + b"/" + name)
    (folder / "a.raw").write_bytes(row.samples.astype("<i2").tobytes())
    (folder / "junk\x1b.raw").write_bytes(b"\1")
    (folder / "to nothing.wav").symlink_to("nowhere")
    (folder / "loop.wav").symlink_to("loop.wav")
    os.mkfifo(folder / "pipe\n.raw")
    (folder / "device.raw").symlink_to("/dev/zero")
    return folder


def call(charset, *arguments):
    return CliRunner(charset=charset).invoke(main, list(map(str, arguments)))


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("charset", ["utf-8", "cp949", "ascii"])
@pytest.mark.parametrize("options", [[], ["--json"], ["--times"]])
def test_every_file_has_its_line_or_its_error(trained, named, charset, options):
    result = call(charset, "transcribe", trained, named, *options)
    assert result.exit_code == 3
    assert "5 of 15 files could not be read; the others are transcribed" in result.stderr
    assert result.stderr.count("error: cannot read ") == 5
    lines = result.stdout_bytes.decode(charset).removesuffix("\n").split("\n")
    assert all(
        char.isprintable() or category(char) == "Zs" or (char == "\t" and options != ["--json"])
        for line in lines
        for char in line
    )
    if options == ["--json"]:
        found = [json.loads(line)["path"] for line in lines]
        files = [named / os.fsdecode(name) for name in NAMES] + [named / "a.raw"]
        assert sorted(found) == sorted(str(file).encode(errors="backslashreplace").decode() for file in files)
    else:
        columns = {line.count("\t") for line in lines}
        assert columns == ({3} if options else {1})
        assert len({line.split("\t")[0] for line in lines}) == 10
