import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
import torchaudio.models.decoder
from click.testing import CliRunner

from pipeline.audio.settings import FrontEndSettings
from pipeline.contract.errors import MissingResource
from train.cli import main


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def recording(tmp_path, make_tones):
    (row,) = make_tones(1, "test", seed=5)
    path = tmp_path / "tones.wav"
    soundfile.write(path, row.samples, 16_000)
    return path, row


def test_help_and_usage_errors_do_not_import_torch():
    code = """
import sys, train.cli
try:
    train.cli.main(["fit", "--help"])
except SystemExit:
    assert "torch" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fit"], 2, "Missing argument"),
        (["fit", "none.json", "--run", "r"], 3, "no manifest at none.json"),
        (
            ["fit", "MANIFEST", "--run", "r", "--preset", "tinny"],
            3,
            "known presets: base, blstm, large, small, tiny",
        ),
        (["fit", "MANIFEST", "--run", "r", "--set", "optim.clip=1"], 3, "did you mean 'optim.clip_norm'"),
        (["fit", "MANIFEST", "--run", "r", "--set", "loop.device=cuda"], 3, "torch finds no GPU"),
        (["fit", "MANIFEST", "--run", "RUN"], 3, "--resume"),
        (["evaluate", "nowhere", "MANIFEST", "-o", "o"], 3, "no checkpoint at nowhere"),
        (["evaluate", "RUN", "MANIFEST", "--split", "dev", "-o", "o"], 3, "there are test, train, valid"),
        (["transcribe", "RUN", "none.wav"], 3, "cannot read none.wav: no file none.wav"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_an_exit_code(
    trained, tone_manifest, tmp_path, monkeypatch, arguments, code, message
):
    monkeypatch.chdir(tmp_path)
    places = {"MANIFEST": tone_manifest, "RUN": trained}
    result = call(*(places.get(argument, argument) for argument in arguments))
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_without_flashlight_a_decoder_says_at_once_where_it_exists(
    trained, tone_manifest, tmp_path, monkeypatch
):
    monkeypatch.delitem(vars(torchaudio.models.decoder), "ctc_decoder", raising=False)
    monkeypatch.delattr(torchaudio.models.decoder, "_ctc_decoder", raising=False)
    monkeypatch.delitem(sys.modules, "torchaudio.models.decoder._ctc_decoder", raising=False)
    monkeypatch.setitem(sys.modules, "flashlight.lib.text.decoder", None)
    fit = ["fit", tone_manifest, "--run", tmp_path / "run", "--set", "decode.decoder=ngram"]
    evaluate = ["evaluate", trained, tone_manifest, "--decoder", "beam", "-o", tmp_path / "out"]
    for arguments in (fit, evaluate):
        result = call(*arguments)
        assert result.exit_code == MissingResource.exit_code
        (line,) = result.stderr.splitlines()
        assert "Python 3.11 and 3.12 on Linux" in line
        assert "--decoder greedy" in line


def test_without_a_compiler_a_run_that_needs_one_says_so_at_once(tone_manifest, micro, tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("CC", "no-such-compiler")
    arguments = ["--run", tmp_path / "run", "--preset", micro, "--set", "loop.compile=true"]
    result = call("fit", tone_manifest, *arguments)
    assert result.exit_code == MissingResource.exit_code
    (line,) = result.stderr.splitlines()
    assert "no-such-compiler is not on the path" in line
    assert "--set loop.compile=false" in line


def test_fit_prints_the_error_rate(tone_manifest, micro, tmp_path):
    arguments = ["fit", tone_manifest, "--run", tmp_path / "run", "--preset", micro]
    result = call(*arguments, "--set", "loop.max_steps=2")
    assert result.exit_code == 0
    assert result.stdout.startswith("PER ")
    assert "12 utterances" in result.stdout


def test_a_dry_run_prints_numbers_and_writes_nothing(tone_manifest, micro, tmp_path):
    result = call("fit", tone_manifest, "--run", tmp_path / "run", "--preset", micro, "--dry-run")
    assert result.exit_code == 0
    numbers = json.loads(result.stdout)
    assert numbers["train_utterances"] == 96
    assert numbers["padding"] < 1.1
    assert not (tmp_path / "run").exists()


def test_evaluate_writes_the_same_numbers_as_fit(trained, tone_manifest, tmp_path):
    result = call("evaluate", trained, tone_manifest, "--split", "test", "-o", tmp_path / "out")
    assert result.exit_code == 0
    again = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert again == json.loads((trained / "evaluation.json").read_text())
    rows = [json.loads(line) for line in (tmp_path / "out" / "utterances.jsonl").read_text().splitlines()]
    assert len(rows) == 12


def test_transcribe_prints_path_and_ipa(trained, recording):
    path, _ = recording
    result = call("transcribe", trained, path)
    assert result.exit_code == 0
    name, ipa = result.stdout.rstrip("\n").split("\t")
    assert name == str(path)
    assert ipa


def test_transcribe_reads_any_container_rate_and_channel_count(trained, recording, tmp_path):
    path, row = recording
    (tmp_path / "a.pcm").write_bytes(row.samples.astype("<i2").tobytes() + b"\0")
    soundfile.write(tmp_path / "b.flac", row.samples, 16_000)
    soundfile.write(tmp_path / "c.wav", np.stack([row.samples, row.samples], axis=1), 16_000)
    paths = [path, *sorted(tmp_path.glob("[abc].*"))]
    result = call("transcribe", trained, "--json", *paths)
    assert result.exit_code == 0
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["path"] for line in found] == [str(path) for path in paths]
    assert len({line["ipa"] for line in found}) == 1


def test_transcribe_says_when_it_does_not_know_what_training_heard(trained, recording, tmp_path):
    result = call("transcribe", trained, recording[0])
    assert result.exit_code == 0
    assert result.stderr.startswith("this model does not record how its training recordings were treated:")
    assert result.stderr.count("\n") == 1
    run = shutil.copytree(trained, tmp_path / "run")
    for path in run.glob("checkpoints/*/checkpoint.json"):
        record = json.loads(path.read_text())
        record["manifests"][0]["front_ends"] = [FrontEndSettings.off().model_dump(mode="json")]
        path.write_text(json.dumps(record))
    assert call("transcribe", run, recording[0]).stderr == ""


def test_a_file_that_cannot_be_read_does_not_stop_the_others(trained, recording, tmp_path):
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"not audio")
    result = call("transcribe", trained, broken, recording[0])
    assert result.exit_code == 3
    assert result.stdout.startswith(str(recording[0]))
    assert "1 of 2 files could not be read" in result.stderr
    assert "broken.flac: Format not recognised" in result.stderr


@pytest.fixture
def damaged(tone_manifest, tmp_path):
    """A copy of the tones whose test shard has one bit flipped."""
    copy = shutil.copytree(tone_manifest.parent, tmp_path / "copy")
    (shard,) = copy.rglob("test*.arrow")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    return copy / tone_manifest.name, shard


def test_a_damaged_shard_is_found_before_the_first_step(damaged, tmp_path):
    manifest, shard = damaged
    result = call("fit", manifest, "--run", tmp_path / "run")
    assert result.exit_code == 5
    assert f"shard {shard.name}" in result.stderr


def test_nothing_is_measured_on_a_damaged_shard(trained, damaged, tmp_path):
    manifest, shard = damaged
    result = call("evaluate", trained, manifest, "-o", tmp_path / "out")
    assert result.exit_code == 5
    assert f"shard {shard.name}" in result.stderr
    assert call("evaluate", trained, manifest, "--split", "valid", "-o", tmp_path / "out").exit_code == 0


def test_a_manifest_at_a_url_is_trained_on_and_measured(tone_manifest, micro, tmp_path, monkeypatch):
    monkeypatch.setenv("MALSORI_CACHE", str(tmp_path / "cache"))
    url = tone_manifest.as_uri()
    settings = ["--preset", micro, "--set", "loop.max_steps=2"]
    result = call("fit", url, "--run", tmp_path / "run", *settings)
    assert result.exit_code == 0, result.stderr
    shutil.rmtree(tmp_path / "cache")
    result = call("evaluate", tmp_path / "run", url, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["manifests"] == [url]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported later"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9"),
    ],
    ids=str,
)
def test_memory_that_ran_out_is_the_users_problem(tone_manifest, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("train.run.fit.set_up_training", fail)
    result = call("fit", tone_manifest, "--run", tmp_path / "run")
    assert result.exit_code == MissingResource.exit_code
    assert "the memory ran out" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output


def test_a_bug_is_still_a_traceback(tone_manifest, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr("train.run.fit.set_up_training", fail)
    assert isinstance(call("fit", tone_manifest, "--run", tmp_path / "run").exception, RuntimeError)


@pytest.mark.parametrize("command", ["fit", "evaluate"])
@pytest.mark.parametrize("place", ["file", "file/below", "x" * 300, "file/" + "x" * 300])
def test_a_place_that_no_folder_can_have_is_refused_before_anything_is_done(
    trained, tone_manifest, micro, tmp_path, monkeypatch, command, place
):
    (tmp_path / "file").write_text("somebody's")
    arguments = {
        "fit": ["fit", tone_manifest, "--preset", micro, "--run"],
        "evaluate": ["evaluate", trained, tone_manifest, "-o"],
    }
    monkeypatch.setattr("train.evaluation.evaluate.evaluate", lambda *_, **__: pytest.fail("was measured"))
    monkeypatch.setattr("train.run.fit.set_up_training", lambda *_, **__: pytest.fail("was trained"))
    result = call(*arguments[command], tmp_path / place)
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert (tmp_path / "file").read_text() == "somebody's"
