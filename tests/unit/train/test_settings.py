import pytest

from pipeline.contract.errors import InputRejected
from train.settings import PRESETS, TrainSettings, read_settings


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.toml")))
def test_every_preset_is_valid_and_changes_something(preset):
    assert read_settings(preset, []) != TrainSettings()


def test_an_assignment_overrides_the_preset():
    settings = read_settings("tiny", ["loop.epochs=3", "model.channels=[8, 8]"])
    assert (settings.loop.epochs, settings.model.channels) == (3, (8, 8))


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("optim.learning_rat=1", "did you mean 'optim.learning_rate'"),
        ("optim.learning_rate=fast", "optim.learning_rate = 'fast'"),
        ("model.kernels=[[4, 5], [5, 5]]", "odd"),
        ("model.channels=[8]", "the same length"),
        ("batching.longest_s=1000", "exceeds budget_s"),
        ("decode.decoder=magic", "'greedy'"),
    ],
)
def test_a_wrong_setting_is_named(assignment, message):
    with pytest.raises(InputRejected, match=message):
        read_settings("tiny", [assignment])


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(InputRejected, match="base, blstm, large, small, tiny"):
        read_settings("huge", [])


def test_without_a_preset_a_resumed_run_keeps_its_settings():
    before = read_settings("tiny", ["loop.max_steps=7"])
    assert read_settings(None, [], base=before) == before
    assert read_settings(None, ["loop.max_steps=9"], base=before).loop.max_steps == 9


def test_bounds_and_cadence_are_not_part_of_the_resume_signature():
    settings = read_settings("tiny", [])
    longer = read_settings("tiny", ["loop.max_steps=9", "loop.log_every_steps=1", "loop.keep_last=5"])
    assert longer.resume_signature() == settings.resume_signature()
    assert read_settings("tiny", ["loop.seed=1"]).resume_signature() != settings.resume_signature()
