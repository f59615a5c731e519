"""An error rate belongs to the checkpoint, the decoder and the rows that it was measured with."""

import json
import os

import pytest
from requirements import needs_flashlight

import train.run.fit as fit_module
from train.data.sources import open_sources
from train.evaluation.evaluate import EVALUATION, evaluate, read_evaluation, what_is_measured

AGAIN = "finished and measured before"


@pytest.fixture
def measurements(monkeypatch):
    """The decoders that were measured with, in order."""
    done = []

    def counted(checkpoint, *arguments, **options):
        done.append(options["decoder"])
        return evaluate(checkpoint, *arguments, **options)

    monkeypatch.setattr(fit_module, "evaluate", counted)
    return done


def test_what_is_the_same_is_not_measured_again(copied, go_on, measurements, capsys):
    before = json.loads((copied.path / EVALUATION).read_text())
    assert go_on(copied) == before
    assert measurements == []
    assert AGAIN in capsys.readouterr().err


def test_an_evaluation_of_the_same_step_of_another_training_is_not_believed(copied, go_on, measurements):
    """The checkpoints were removed and other ones trained: the step is the same, the model is not."""
    before = json.loads((copied.path / EVALUATION).read_text())
    for folder in copied.checkpoints.iterdir():
        folder.rename(copied.path / folder.name)
    after = go_on(copied, "optim.learning_rate=0.5", "loop.max_steps=2")
    assert measurements == ["greedy"]
    assert after["step"] == before["step"]
    assert after["measured"]["checkpoint"] != before["measured"]["checkpoint"]
    assert json.loads((copied.path / EVALUATION).read_text())["measured"] == after["measured"]


@needs_flashlight
def test_every_setting_of_the_decoder_is_measured_anew(copied, go_on, measurements):
    figures = [go_on(copied, "decode.decoder=ngram", *more) for more in ([], ["decode.ngram_order=2"])]
    assert measurements == ["ngram", "ngram"]
    assert [figure["decoder"] for figure in figures] == ["ngram", "ngram"]
    go_on(copied, "decode.decoder=beam", "decode.beam=3")
    assert go_on(copied, "decode.decoder=beam", "decode.beam=4")["beam"] == 4
    assert go_on(copied, "decode.decoder=beam", "decode.beam=4")["beam"] == 4
    assert measurements == ["ngram", "ngram", "beam", "beam"]


def test_whatever_a_figure_depends_on_is_named(copied, tone_manifest, make_corpus, make_tones):
    checkpoint, sources = copied.last(), open_sources([tone_manifest])
    other = open_sources([make_corpus(make_tones(3, "test", seed=9))])
    first = copied.checkpoints / "step-00000001"
    (copied.last().folder).rename(copied.path / "aside")
    decode = checkpoint.record.settings.decode
    changes = [
        {"beam": 7},
        {"ngram_order": 3},
        {"word_order": 2},
        {"words": 9},
        {"model_rows": 9},
        {"tuned_rows": 9},
    ]
    found = [what_is_measured(checkpoint, sources, split="test", decoder="ngram")]
    found += [what_is_measured(checkpoint, sources, split="valid", decoder="ngram")]
    found += [what_is_measured(checkpoint, sources, split="test", decoder="words")]
    found += [what_is_measured(checkpoint, other, split="test", decoder="ngram")]
    found += [what_is_measured(checkpoint, [*sources, *other], split="test", decoder="ngram")]
    found += [what_is_measured(copied.last(), sources, split="test", decoder="ngram")]
    assert copied.last().folder == first
    found += [
        what_is_measured(
            checkpoint.decoding_with(decode.model_copy(update=change)), sources, split="test", decoder="ngram"
        )
        for change in changes
    ]
    assert len({json.dumps(each) for each in found}) == len(found)
    assert set(decode.models()) == {key for change in changes for key in change}


def measured_here(run, go_on, measurements):
    """The evaluation as it is made in this folder, whose path is in it."""
    path = run.path / EVALUATION
    path.unlink()
    go_on(run)
    measurements.clear()
    return path, path.read_bytes()


FOREIGN = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda _: b"",
    "not UTF-8": lambda text: text.replace(b'"', b"\xff"),
    "nested": lambda _: b"[" * 10**6,
    "a list": lambda _: b"[]",
    "before": lambda text: json.dumps(
        {k: v for k, v in json.loads(text).items() if k != "measured"}
    ).encode(),
    "no figure": lambda text: text.replace(b'"per"', b'"rep"', 1),
    "not a figure": lambda text: text.replace(b'"utterances": 12', b'"utterances": "<b>"', 1),
    "no number": lambda text: json.dumps(json.loads(text) | {"per": float("nan")}).encode(),
    "of another": lambda text: text.replace(b'"decoder": "greedy"', b'"decoder": "words"'),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_an_evaluation_that_cannot_be_used_is_made_again(copied, go_on, measurements, kind):
    path, sound = measured_here(copied, go_on, measurements)
    changed = FOREIGN[kind](sound)
    assert changed != sound
    path.write_bytes(changed)
    go_on(copied)
    assert measurements == ["greedy"]
    assert path.read_bytes() == sound


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_not_read(copied, go_on, measurements, kind, capsys):
    path, sound = measured_here(copied, go_on, measurements)
    path.unlink()
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    assert read_evaluation(copied.path) is None
    assert "measured again" in capsys.readouterr().err
    go_on(copied)
    assert measurements == ["greedy"]
    assert path.read_bytes() == sound
    assert not path.is_symlink()
