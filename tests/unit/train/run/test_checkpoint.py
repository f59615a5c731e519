import json
import shutil

import pytest
import torch

from pipeline.audio.settings import ANY_SNR_DB, DenoiseSettings, FrontEndSettings, SilenceSettings
from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.vocabulary import KOREAN
from train.data.sources import open_sources
from train.loop.optim import make_optimiser
from train.model.deepspeech2 import Recogniser
from train.run.card import model_card
from train.run.checkpoint import capture, read_checkpoint
from train.run.folder import RunFolder, find_checkpoint
from train.run.record import Best, CheckpointRecord, Position, TrainedOn
from train.settings import read_settings

DEFAULT, OFF = FrontEndSettings(silence=SilenceSettings(), denoise=DenoiseSettings()), FrontEndSettings.off()


@pytest.fixture
def state(tone_manifest, micro):
    """A recogniser, its optimiser after one step, and a function that captures both."""
    settings = read_settings(str(micro), ["loop.keep_last=2"])
    torch.manual_seed(0)
    recogniser = Recogniser(settings, KOREAN)
    optimiser = make_optimiser(recogniser, settings.optim)
    for parameter in recogniser.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimiser.step()
    sources = open_sources([tone_manifest])

    def captured(**position):
        return capture(
            recogniser, optimiser, position=Position(**position), settings=settings, sources=sources
        )

    return recogniser, optimiser, captured


def test_what_is_saved_comes_back(tmp_path, state):
    recogniser, optimiser, captured = state
    RunFolder(tmp_path).save(*captured(step=7, epoch=1, step_in_epoch=2, best=(Best(per=0.5, step=7),)))
    found = RunFolder(tmp_path).last()
    assert found.record.position == Position(step=7, epoch=1, step_in_epoch=2, best=(Best(per=0.5, step=7),))
    loaded = found.load_recogniser()
    for name, tensor in recogniser.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    other = make_optimiser(loaded, found.record.settings.optim)
    found.restore(loaded, other)
    assert other.state_dict()["param_groups"] == optimiser.state_dict()["param_groups"]
    loaded_state, saved_state = other.state_dict()["state"], optimiser.state_dict()["state"]
    assert loaded_state.keys() == saved_state.keys()
    for parameter, slots in saved_state.items():
        assert loaded_state[parameter].keys() == slots.keys()
        assert all(torch.equal(loaded_state[parameter][name], tensor) for name, tensor in slots.items())


@pytest.fixture
def source_with(tone_manifest):
    """The tones' source, as if preprocessing had run with these settings, one run each."""
    manifest = json.loads(tone_manifest.read_text())
    (settings,) = manifest["settings"]

    def make(*values):
        path = tone_manifest.with_name("other.json")
        path.write_text(json.dumps(manifest | {"settings": [settings | {"values": each} for each in values]}))
        (source,) = open_sources([path])
        return source

    return make


def test_the_front_ends_of_a_manifest_travel_in_the_record(source_with):
    values = [front_end.model_dump(mode="json") for front_end in (DEFAULT, OFF)]
    assert TrainedOn.of(source_with(values[0])).front_ends == (DEFAULT,)
    assert TrainedOn.of(source_with(values[0], values[1], values[0])).front_ends == (DEFAULT, OFF)


def test_settings_before_the_limit_denoised_every_clip(source_with):
    before = DenoiseSettings(engine="gate", smooth_ms=25.0).model_dump(mode="json")
    del before["max_snr_db"]
    (found,) = TrainedOn.of(source_with({"silence": {}, "denoise": before})).front_ends
    assert found.denoise == DenoiseSettings(engine="gate", smooth_ms=25.0, max_snr_db=ANY_SNR_DB)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"denoise": {"engine": "gate"}},
        {"silence": {}, "denoise": ["gate"]},
        {"silence": {"x": 1}, "denoise": {}},
    ],
    ids=["none", "no silence", "no table", "a stranger's"],
)
def test_settings_of_somebody_elses_making_are_no_front_end(source_with, values):
    assert TrainedOn.of(source_with(values)).front_ends == ()


def test_what_is_heard_otherwise_than_in_training_is_said(tmp_path, state, source_with):
    trained = TrainedOn.of(source_with(DEFAULT.model_dump(mode="json")))
    RunFolder(tmp_path).save(*state[2]())
    unknown = RunFolder(tmp_path).last().record

    def record(*manifests):
        return unknown.model_copy(update={"manifests": manifests})

    assert unknown.front_end == OFF
    assert "does not record how" in unknown.front_end_warning
    assert record(trained).front_end == DEFAULT
    assert record(trained).front_end_warning is None
    assert record(trained, trained).front_end_warning is None
    both = record(trained, trained.model_copy(update={"front_ends": (OFF,)}))
    assert both.front_end == DEFAULT
    assert "treated in 2 ways" in both.front_end_warning
    old = record(trained.model_copy(update={"front_ends": (), "denoisers": ("gate",)}))
    assert old.front_end == OFF
    assert "(denoised by gate)" in old.front_end_warning


def test_the_card_says_how_recordings_are_treated(tmp_path, state, source_with):
    RunFolder(tmp_path).save(*state[2]())
    record = RunFolder(tmp_path).last().record
    assert "pauses as recorded, no denoising. (Note: this model does not record" in model_card(record)
    values = {"silence": SilenceSettings().model_dump(), "denoise": DenoiseSettings().model_dump()}
    card = model_card(record.model_copy(update={"manifests": (TrainedOn.of(source_with(values)),)}))
    assert "pauses over 3 s shortened to 1 s, clips with a signal-to-noise ratio under 18 dB denoised" in card
    assert "Note" not in card


def test_checkpoints_before_the_front_end_was_recorded_still_read(tmp_path, state):
    RunFolder(tmp_path).save(*state[2]())
    (path,) = tmp_path.glob("checkpoints/*/checkpoint.json")
    content = json.loads(path.read_text())
    for manifest in content["manifests"]:
        del manifest["front_ends"]
        manifest["denoisers"] = ["gate"]
    path.write_text(json.dumps(content))
    assert RunFolder(tmp_path).last().record.front_end == OFF


def test_nothing_is_pickled_and_the_record_says_what_it_is(tmp_path, state, tone_manifest):
    RunFolder(tmp_path).save(*state[2](step=1))
    folder = tmp_path / "checkpoints" / "step-00000001"
    files = {path.name for path in folder.iterdir()}
    assert files == {"model.safetensors", "optimiser.safetensors", "checkpoint.json", "README.md"}
    record = json.loads((folder / "checkpoint.json").read_text())
    assert record["vocabulary"]["sha256"] == KOREAN.sha256
    assert record["manifests"][0]["path"] == str(tone_manifest)
    assert {"torch", "python", "malsori"} <= record["versions"].keys()


def test_the_newest_and_the_best_are_kept(tmp_path, state):
    run = RunFolder(tmp_path)
    for step in range(1, 6):
        run.save(*state[2](step=step, best=(Best(per=0.1, step=1),)))
    assert sorted(path.name[-1] for path in run.checkpoints.iterdir()) == ["1", "4", "5"]
    assert run.last().record.position.step == 5
    assert run.best().record.position.step == 1


def test_a_write_that_fails_leaves_the_older_checkpoint(tmp_path, state, monkeypatch):
    run = RunFolder(tmp_path)
    run.save(*state[2](step=1))
    tensors, record = state[2](step=2)
    monkeypatch.setattr(CheckpointRecord, "model_dump_json", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run.save(tensors, record)
    assert run.last().record.position.step == 1
    monkeypatch.undo()
    run.save(tensors, record)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["step-00000001", "step-00000002"]


@pytest.mark.parametrize("name", ["model.safetensors", "checkpoint.json"])
def test_a_missing_file_is_named(tmp_path, state, name):
    RunFolder(tmp_path).save(*state[2](step=1))
    folder = tmp_path / "checkpoints" / "step-00000001"
    (folder / name).unlink()
    with pytest.raises(HandOffBroken, match=name):
        read_checkpoint(folder).load_recogniser()


def test_a_flipped_byte_is_found(tmp_path, state):
    RunFolder(tmp_path).save(*state[2](step=1))
    path = tmp_path / "checkpoints" / "step-00000001" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(HandOffBroken, match="copy it again"):
        find_checkpoint(tmp_path).load_recogniser()


def test_a_record_with_an_unknown_key_is_refused(tmp_path, state):
    RunFolder(tmp_path).save(*state[2](step=1))
    path = tmp_path / "checkpoints" / "step-00000001" / "checkpoint.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"colour": "red"}))
    with pytest.raises(HandOffBroken, match="colour"):
        find_checkpoint(tmp_path)


def test_a_checkpoint_moves_to_another_place(tmp_path, state):
    RunFolder(tmp_path / "run").save(*state[2](step=1))
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tmp_path / "run" / "checkpoints" / "step-00000001", elsewhere)
    assert find_checkpoint(elsewhere).load_recogniser().vocabulary == KOREAN


def test_no_checkpoint_says_how_to_make_one(tmp_path):
    with pytest.raises(InputRejected, match="fit"):
        find_checkpoint(tmp_path)


def test_a_folder_in_use_needs_resume(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.require_usable(resume=False)
    run.path.mkdir()
    (run.path / ".lock").touch()  # a run was refused before it began
    run.require_usable(resume=False)
    assert run.last() is None
    run.metrics.write_text("")
    with pytest.raises(InputRejected, match="--resume"):
        run.require_usable(resume=False)
    run.require_usable(resume=True)


def test_a_folder_in_which_no_run_has_been_is_left_alone(tmp_path):
    for name in ("left_out.jsonl", "metrics.jsonl", "thesis.txt", "checkpoints"):
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        (run.path / name).write_text("mine")
        for resume in (True, False):
            with pytest.raises(InputRejected, match="no run made there"):
                run.require_usable(resume=resume)


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(InputRejected, match="is a file"):
        RunFolder(path).require_usable(resume=True)
