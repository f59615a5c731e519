import json
import multiprocessing
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing import event_accumulator

from pipeline.contract.errors import HandOffBroken, InputRejected, MissingResource, TrainingDiverged
from train.data.dataset import Utterances
from train.data.sources import open_sources
from train.evaluation.evaluate import evaluate
from train.loop import step as step_module
from train.run.fit import fit
from train.run.folder import RunFolder


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


FORK = multiprocessing.get_context("fork")  # a new interpreter would spend seconds on importing torch


def test_a_run_killed_ten_times_goes_on_with_the_same_losses(train, tmp_path, monkeypatch):
    """Killed with SIGKILL during a step or while a checkpoint is written; with averaged weights."""
    settings = ["loop.max_steps=40", "loop.checkpoint_minutes=0.00001", "optim.ema_decay=0.9"]
    settings += ["augment.speed_percents=[90, 100]", "augment.noise_share=0.5"]
    whole = train("whole", *settings)
    run = RunFolder(tmp_path / "killed")
    random = np.random.default_rng(0)
    for _ in range(10):
        kill_at, while_saving = int(random.integers(1, 6)), bool(random.integers(2))
        process = FORK.Process(
            target=run_and_be_killed, args=(train, settings, kill_at, while_saving, monkeypatch)
        )
        process.start()
        process.join(300)
        assert process.exitcode == -signal.SIGKILL
        assert len(losses_of_unfinished(run)) < 40
    again = train("killed", *settings, resume=True)
    assert losses_of(again) == losses_of(whole)
    assert {path.name for path in again.checkpoints.iterdir()} == {
        path.name for path in whole.checkpoints.iterdir()
    }
    name = whole.last().folder.name
    for file in ("model.safetensors", "training.safetensors", "optimiser.safetensors"):
        assert (again.checkpoints / name / file).read_bytes() == (
            whole.checkpoints / name / file
        ).read_bytes()


def run_and_be_killed(train, settings, kill_at, while_saving, monkeypatch):
    owner, name = (RunFolder, "save") if while_saving else (step_module, "ctc_losses")
    real, left = getattr(owner, name), [kill_at + (not while_saving)]  # the memory probe makes a loss too

    def killing(*arguments):
        left[0] -= 1
        if not left[0]:
            if while_saving:
                monkeypatch.setattr(Path, "rename", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    monkeypatch.setattr(owner, name, killing)
    train("killed", *settings, resume=True)


def losses_of_unfinished(run):
    if not run.metrics.exists():
        return []
    return [line for line in run.metrics.read_text().split("\n")[:-1] if '"loss"' in line]


def test_an_interrupted_run_saves_where_it_stopped(train, monkeypatch, tmp_path):
    real = step_module.ctc_losses
    calls = []

    def interrupting(*arguments):
        calls.append(1)
        if len(calls) == 6:  # the first call is the memory probe's
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
    assert "finished and measured before" in capsys.readouterr().err
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


@pytest.mark.parametrize("split", ["valid", "test"])
def test_what_one_manifest_trains_on_is_not_held_out_by_another(train, make_corpus, make_tones, split):
    rows = make_tones(8, "train", seed=0)
    held_out = [replace(rows[0], split=split), *make_tones(3, split, seed=1)]
    one = make_corpus(rows, name="one")
    two = make_corpus([*make_tones(4, "train", seed=2), *held_out], name="two")
    with pytest.raises(InputRejected, match="would be of what was trained on"):
        train("leak", "loop.max_steps=1", manifests=[one, two])
    three = make_corpus([*make_tones(4, "train", seed=2), *held_out[1:]], name="three")
    train("clean", "loop.max_steps=1", manifests=[one, three])


@pytest.mark.parametrize("name", ["checkpoints", "tensorboard", "decoding"])
def test_a_link_in_a_runs_folder_is_followed_by_no_run(train, tmp_path, name):
    victim = tmp_path / "victim"
    (victim / ".keep.tmp").mkdir(parents=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(victim)
    with pytest.raises(InputRejected, match=f"{name} is a link"):
        train("run", "loop.max_steps=1", resume=True)
    assert [path.name for path in victim.iterdir()] == [".keep.tmp"]
    assert [path.name for path in (tmp_path / "run").iterdir()] == [name]


@pytest.mark.parametrize("split", ["train", "test"])
def test_damaged_shards_are_trained_and_measured_on_by_no_resumed_run_either(
    train, make_corpus, make_tones, split
):
    path = make_corpus([*make_tones(8, "train", seed=0), *make_tones(4, "test", seed=1)])
    train("run", "loop.max_steps=1", manifests=[path])
    shard = path.parent / f"{split}-00000.arrow"
    content = bytearray(shard.read_bytes())
    content[-100] ^= 1
    shard.write_bytes(bytes(content))
    with pytest.raises(HandOffBroken, match="hash"):
        train("run", "loop.max_steps=2", manifests=[path], resume=True)


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


def test_a_run_ends_when_nothing_gets_better(train):
    run = train("run", "optim.learning_rate=1e-12", "loop.patience=2", "optim.plateau_patience=1")
    position = run.last().record.position
    assert position.epoch == 3
    assert (position.since_best, position.cuts) == (2, 2)
    train("run", resume=True, preset=None)
    assert run.last().record.position == position


def test_the_plateau_schedule_lowers_the_rate(train):
    settings = ["optim.learning_rate=1e-12", "optim.schedule=plateau", "optim.plateau_patience=1"]
    run = train("run", *settings, "loop.epochs=3", "optim.warmup_steps=0")
    rates = [row["learning_rate"] for row in rows_of(run) if "loss" in row]
    assert rates[::10] == [1e-12, 1e-12, 0.5e-12]


def test_the_best_checkpoints_are_kept(train):
    run = train("run", "loop.epochs=5", "loop.keep_best=2", "loop.keep_last=1", "optim.ema_decay=0.5")
    best = run.last().record.position.best
    valid = sorted((row["valid_per"], row["step"]) for row in rows_of(run) if "valid_per" in row)
    assert [(one.per, one.step) for one in best] == valid[:2]
    kept = {int(path.name[5:]) for path in run.checkpoints.iterdir()}
    assert kept == {50, *(one.step for one in best)}


def test_validation_and_checkpoint_have_the_averaged_weights(train, tone_manifest):
    checkpoint = train("run", "loop.epochs=4", "optim.ema_decay=0.98").last()
    sources = open_sources([tone_manifest])
    summary, _ = evaluate(checkpoint, sources, split="valid", decoder="greedy")
    assert summary["per"] == checkpoint.record.position.valid_per
    averaged, live = (checkpoint.tensors(f"{name}.safetensors") for name in ("model", "training"))
    assert all(not torch.equal(averaged[name], tensor) for name, tensor in live.items())


def test_batches_that_stop_coming_end_the_run(train, monkeypatch):
    hang, collate = threading.Event(), Utterances.collate

    def hanging(utterances, rows, **options):
        if threading.current_thread().name == "loader":
            hang.wait(20)
        return collate(utterances, rows, **options)

    monkeypatch.setattr(Utterances, "collate", hanging)
    with pytest.raises(MissingResource, match="no batch came"):
        train("run", "loop.loader_timeout_s=0.2")
    hang.set()


def test_a_model_card_lies_beside_every_checkpoint(trained):
    card = (RunFolder(trained).last().folder / "README.md").read_text()
    for fact in ("41 IPA symbols", "Tones (CC0-1.0)", "Phone error rate on the valid split:", '"mels": 24'):
        assert fact in card


def test_tensorboard_has_scalars_and_pictures(trained):
    found = event_accumulator.EventAccumulator(str(trained / "tensorboard"))
    found.Reload()
    assert {"loss", "valid_per", "learning_rate", "gradient_norm"} <= set(found.Tags()["scalars"])
    assert set(found.Tags()["images"]) == {"features", "probabilities"}
    assert len(found.Scalars("loss")) == 60
