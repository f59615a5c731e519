import numpy as np
import pytest
import soundfile
import torch

from pipeline.audio.hearing import HeardRecording
from pipeline.audio.settings import FrontEndSettings
from train.decoding.greedy import decode_greedily
from train.evaluation.metrics import count_edits
from train.run.folder import find_checkpoint
from train.transcribe import time_phones, transcribe

OFF = FrontEndSettings.off()


@pytest.fixture
def recogniser(trained):
    return find_checkpoint(trained).load_recogniser()


def test_phones_come_when_they_are_heard(recogniser, make_tones, tmp_path):
    checked = 0
    for row in make_tones(12, "test", seed=11):
        path = tmp_path / "tones.wav"
        soundfile.write(path, row.samples, 16_000)
        (found,) = transcribe(recogniser, [path], decode_greedily, front_end=OFF)
        assert found.seconds == len(row.samples) / 16_000
        if recogniser.vocabulary.encode(found.ipa.split()) != row.labels:
            continue
        for number, phone in enumerate(found.phones):  # each tone lasts 80 ms, after 50 ms of silence
            start_s = 0.05 + 0.08 * number
            assert start_s - 0.03 < phone.start_s < phone.end_s < start_s + 0.16
            checked += 1
    assert checked > 10


def test_a_recording_longer_than_any_of_the_training_is_cut_and_joined(recogniser, make_tones, tmp_path):
    rows = make_tones(30, "test", seed=12)
    path = tmp_path / "long.wav"
    hiss = 100 * np.random.default_rng(1).standard_normal(4_000)  # as loud as in the rows
    pause = hiss.astype(np.int16)
    soundfile.write(path, np.concatenate([part for row in rows for part in (row.samples, pause)]), 16_000)
    (found,) = transcribe(recogniser, [path], decode_greedily, front_end=OFF)
    assert found.seconds > 5 * recogniser.settings.batching.longest_s
    meant = [label for row in rows for label in row.labels]
    said = recogniser.vocabulary.encode(found.ipa.split())
    assert count_edits(meant, said).rate < 0.4  # 0.3 for the same tones one by one
    starts = [phone.start_s for phone in found.phones]
    assert starts == sorted(starts)
    assert found.phones[-1].end_s > found.seconds - 0.7


def test_nothing_heard_has_no_times(recogniser):
    nothing = HeardRecording(np.zeros(2_560, np.int16), ((0, 2_560),), 2_560)
    log_probs = torch.zeros(4, 42).log_softmax(1)
    assert time_phones(recogniser, log_probs, [], heard=nothing, offset=0) == []
