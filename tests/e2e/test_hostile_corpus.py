"""A whole run over a corpus of pipes, links in circles, and names in cp949: every utterance has its end."""

import json
import os
import shutil
from pathlib import Path

import pytest
from small_corpus import make_kspon_corpus
from table_corpus import TEXT, make_recording

from pipeline.contract.reasons import Reason


def _cp949(name: str) -> str:
    return os.fsdecode(name.encode("cp949"))


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("corpus", ["kspon", "auto"])
def test_every_obstacle_is_the_drop_of_its_utterance(tmp_path, malsori, corpus):
    kspon = make_kspon_corpus(tmp_path / "corpus", utterances=12)
    files = sorted(kspon.rglob("*.pcm"))
    folder = shutil.copytree(files[0].parent, tmp_path / "raw" / _cp949("폴더\x1b"))
    for path in list(folder.glob("*.pcm")):
        path.with_suffix(".txt").write_bytes("안녕하세요 여러분".encode("cp949"))
    stems = sorted(path.stem for path in folder.glob("*.pcm"))[5:]
    (pipe, loop, device), (piped, looped, broken) = stems[:3], stems[3:6]
    for stem, obstacle in ((pipe, "pcm"), (loop, "pcm"), (device, "pcm"), (piped, "txt"), (looped, "txt")):
        (folder / f"{stem}.{obstacle}").unlink(missing_ok=True)
    os.mkfifo(folder / f"{pipe}.pcm")
    (folder / f"{loop}.pcm").symlink_to(f"{loop}.pcm")
    (folder / f"{device}.pcm").symlink_to("/dev/zero")
    os.mkfifo(folder / f"{piped}.txt")
    (folder / f"{looped}.txt").symlink_to(f"{looped}.txt")
    (folder / f"{broken}.txt").write_bytes(b"\xff\xff")
    (folder / f"{broken}.txt").rename(folder / _cp949("이상한.txt"))
    (folder / f"{broken}.pcm").rename(folder / _cp949("이상한.pcm"))
    (folder / "folder loop").symlink_to(folder)
    out = tmp_path / "out"
    where = ["--out", out, "--manifest", out / "m.json", "--jobs", 1]
    result = malsori("preprocess", tmp_path / "raw", "--corpus", corpus, *where)
    assert result.exit_code == 0, result.output
    assert all(char.isprintable() or char == "\n" for char in result.stdout + result.stderr)
    rows = map(json.loads, (out / "m.dropped.jsonl").read_text(encoding="utf-8").splitlines())
    dropped = {row["id"].rpartition("/")[2]: row["reason"] for row in rows}
    assert {dropped[stem] for stem in (pipe, loop, device)} == {Reason.UNREADABLE_AUDIO}
    assert {dropped[stem] for stem in (piped, looped)} == {Reason.MISSING_TRANSCRIPT}
    assert dropped["이상한"] == Reason.TRANSCRIPT_ENCODING
    counts = json.loads((out / "m.json").read_text(encoding="utf-8"))["counts"]
    assert counts["kept"] + len(dropped) == len(list(folder.glob("*.pcm")))


@pytest.mark.usefixtures("no_hang")
def test_a_listing_that_is_a_pipe_ends_the_run_before_anything_is_written(tmp_path: Path, malsori):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.csv").write_text("path,text\n1.wav,안녕하세요\n", encoding="utf-8")
    os.mkfifo(tmp_path / "raw/b\x1b[2J.csv")
    out = tmp_path / "out"
    result = malsori(
        "preprocess", tmp_path / "raw", "--corpus", "auto", "--out", out, "--manifest", out / "m.json"
    )
    assert result.exit_code == 3
    assert r"b\x1b[2J.csv: is a pipe, a socket or a device" in result.stderr
    assert not (out / "m.json").exists()


@pytest.mark.parametrize("corpus", ["table", "nemo"])
def test_a_run_says_that_a_strangers_listing_leads_out_of_the_corpus(tmp_path: Path, malsori, corpus: str):
    raw, secret = tmp_path / "raw", tmp_path / "secret.wav"
    raw.mkdir()
    (raw / make_recording(raw, "a.wav")).rename(secret)
    make_recording(raw, "a.wav")
    paths = ["wav/a.wav", str(raw / "wav/a.wav"), str(secret), "../secret.wav"]
    if corpus == "table":
        lines = ["path,text,id", *(f"{path},{TEXT},{number}" for number, path in enumerate(paths))]
    else:
        entries = [{"audio_filepath": path, "text": TEXT, "id": at} for at, path in enumerate(paths)]
        lines = [json.dumps(entry) for entry in entries]
    (raw / ("meta.csv" if corpus == "table" else "meta.json")).write_text("\n".join(lines), encoding="utf-8")
    arguments = ["preprocess", raw, "--corpus", corpus, "--jobs", 1]
    arguments += ["--out", tmp_path / "out", "--manifest", tmp_path / "out/m.json"]
    for extra in (["--dry-run"], []):
        result = malsori(*arguments, *extra)
        assert result.exit_code == 0, result.output
        assert f"2 utterances lie outside {raw}, such as {secret}" in result.stderr
        assert str(secret) not in result.stdout
