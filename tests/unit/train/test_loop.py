import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pipeline.contract.errors import HandOffBroken, InputRejected
from train import step as step_module
from train.errors import TrainingDiverged
from train.fit import fit
from train.runs import RunFolder


def rows_of(run):
    return [json.loads(line) for line in run.metrics.read_text().splitlines()]


def losses_of(run):
    return [(row["step"], row["loss"]) for row in rows_of(run) if "loss" in row]


@pytest.fixture
def train(tone_manifest, micro, tmp_path):
    def start(name, *assignments, resume=False, manifests=(tone_manifest,), preset=micro):
        run = RunFolder(tmp_path / name)
        fit(manifests, run, preset=preset and str(preset), assignments=assignments, resume=resume)
        return run

    return start


def test_the_tones_are_learned(trained):
    losses = [loss for _, loss in losses_of(RunFolder(trained))]
    assert len(losses) == 60
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) / 4
    summary = json.loads((trained / "evaluation.json").read_text())
    assert summary["per"] < 0.5
    assert summary["split"] == "test"
    assert summary["utterances"] == 12
    edits = summary["substitutions"] + summary["deletions"] + summary["insertions"]
    assert summary["per"] == pytest.approx(edits / summary["reference_phones"])


def test_the_best_checkpoint_is_the_one_measured(trained):
    valid = {row["step"]: row["valid_per"] for row in rows_of(RunFolder(trained)) if "valid_per" in row}
    assert list(valid) == [10, 20, 30, 40, 50, 60]
    summary = json.loads((trained / "evaluation.json").read_text())
    assert valid[summary["step"]] == min(valid.values())


def test_a_run_that_stopped_anywhere_goes_on_with_the_same_losses(train):
    whole = train("whole", "loop.max_steps=24")
    train("parts", "loop.max_steps=3")
    train("parts", "loop.max_steps=17", resume=True)
    parts = train("parts", "loop.max_steps=24", resume=True, preset=None)
    assert losses_of(parts) == losses_of(whole)


def test_a_killed_run_goes_on_with_the_same_losses(train, tone_manifest, micro, tmp_path):
    whole = train("whole", "loop.max_steps=30")
    run = RunFolder(tmp_path / "killed")
    command = [sys.executable, "-m", "train", "fit", tone_manifest, "--run", run.path, "--preset", micro]
    command += ["--set", "loop.max_steps=30", "--set", "loop.checkpoint_minutes=0.0001", "--resume"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, **quiet, env=environment) as process:
        while not (run.metrics.exists() and len(losses_of_unfinished(run)) >= 13):
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert len(losses_of_unfinished(run)) < 30
    again = train("killed", "loop.max_steps=30", "loop.checkpoint_minutes=0.0001", resume=True)
    assert losses_of(again) == losses_of(whole)


def losses_of_unfinished(run):
    return [line for line in run.metrics.read_text().split("\n")[:-1] if '"loss"' in line]


def test_an_interrupted_run_saves_where_it_stopped(train, monkeypatch, tmp_path):
    real = step_module.ctc_losses
    calls = []

    def interrupting(*arguments):
        calls.append(1)
        if len(calls) == 6:  # the first call is the rehearsal's
            os.kill(os.getpid(), signal.SIGTERM)
        return real(*arguments)

    monkeypatch.setattr(step_module, "ctc_losses", interrupting)
    with pytest.raises(KeyboardInterrupt):
        train("stopped")
    assert RunFolder(tmp_path / "stopped").last().record.position.step == 5


def test_a_finished_run_is_left_as_it_is(train, capsys):
    run = train("done", "loop.max_steps=3")
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    train("done", "loop.max_steps=3", resume=True)
    assert "finished and measured already" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def test_other_settings_do_not_resume(train):
    train("run", "loop.max_steps=1")
    with pytest.raises(InputRejected, match=r"optim.learning_rate = 0.01, now it is 0.5"):
        train("run", "optim.learning_rate=0.5", resume=True)


def test_other_shards_do_not_resume(train, make_corpus, make_tones):
    train("run", "loop.max_steps=1")
    other = make_corpus(make_tones(8, "train", seed=9))
    with pytest.raises(InputRejected, match="other shards"):
        train("run", "loop.max_steps=1", manifests=[other], resume=True)


def test_one_bad_step_is_skipped_and_named(train, monkeypatch):
    real = step_module.ctc_losses
    calls = []

    def bad_third(*arguments):
        calls.append(1)
        return real(*arguments) * (float("nan") if len(calls) == 4 else 1.0)

    monkeypatch.setattr(step_module, "ctc_losses", bad_third)
    run = train("run", "loop.max_steps=6")
    (skipped,) = [row for row in rows_of(run) if "skipped" in row]
    assert skipped["step"] == 3
    assert "nan" in skipped["skipped"]
    assert all(id_.startswith("tones/s1/train") for id_ in skipped["ids"])
    assert [step for step, _ in losses_of(run)] == [1, 2, 4, 5, 6]
    assert run.last().record.position.skipped == 1


def test_bad_steps_in_a_row_end_the_run(train, monkeypatch, tmp_path):
    real = step_module.ctc_losses
    calls = []

    def bad_from_twelve(*arguments):
        calls.append(1)
        return real(*arguments) * (float("inf") if len(calls) >= 13 else 1.0)

    monkeypatch.setattr(step_module, "ctc_losses", bad_from_twelve)
    with pytest.raises(TrainingDiverged, match=r"3 steps in a row.*tones/s1/train.*step-00000010"):
        train("run", "loop.bad_steps_in_a_row=3")
    assert TrainingDiverged.exit_code == 7
    assert RunFolder(tmp_path / "run").last().record.position.step == 10


def test_rows_that_cannot_be_trained_on_are_written_out(train, make_corpus, make_tones, make_row):
    good = make_tones(20, "train", seed=0)
    noise = np.random.default_rng(0).integers(-99, 99, 16_000 * 5).astype(np.int16)
    bad = [
        make_row("tones/s1/long", "train", [1, 2], noise),
        make_row("tones/s1/dense", "train", [1] * 60, noise[:16_000]),
        make_row("tones/s1/mute", "train", [], noise[:16_000]),
        make_row("tones/s1/silent", "train", [1, 2], np.zeros(16_000, np.int16)),
        make_row("tones/s1/torn", "train", [1, 2], noise[:16_000], audio=b"fLaC torn"),
    ]
    run = train("run", "loop.epochs=2", manifests=[make_corpus([*good, *bad])])
    left_out = {row["id"]: row["reason"] for row in map(json.loads, run.left_out.read_text().splitlines())}
    assert left_out == {
        "tones/s1/long": "too_long",
        "tones/s1/dense": "labels_do_not_fit",
        "tones/s1/mute": "no_labels",
    }
    assert all(np.isfinite(loss) for _, loss in losses_of(run))


def test_a_split_without_usable_rows_is_refused(train, make_corpus, make_tones):
    with pytest.raises(InputRejected, match="no utterance to train on"):
        train("run", manifests=[make_corpus(make_tones(3, "test", seed=0))])


def test_a_missing_shard_is_refused(train, make_corpus, make_tones):
    path = make_corpus(make_tones(3, "train", seed=0))
    (path.parent / "train-00000.arrow").unlink()
    with pytest.raises(HandOffBroken, match="missing"):
        train("run", manifests=[path])
