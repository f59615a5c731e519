"""A recording is transcribed as its utterance in the shards is recognised."""

import json
import shutil

import numpy as np
import pytest
import soundfile
import soxr
from click.testing import CliRunner

import pipeline.cli
import train.cli
from train.data.dataset import Utterances
from train.data.sources import open_sources
from train.evaluation.evaluate import score
from train.run.folder import find_checkpoint
from train.run.record import TrainedOn

RATE_HZ = 44_100
PAUSE_S = 2.0


def malsori(*arguments: object) -> None:
    result = CliRunner().invoke(pipeline.cli.main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output


@pytest.fixture
def listing(tmp_path, make_tones):
    """Stereo recordings at 44.1 kHz with a dead channel, noise, and a pause to be cut."""
    folder = tmp_path / "raw"
    folder.mkdir()
    noise = np.random.default_rng(5)
    entries = []
    for number, row in enumerate(make_tones(6, "test", seed=21)):
        tones, pause = row.samples / 32_768, np.zeros(round(PAUSE_S * 16_000))
        wave = soxr.resample(np.concatenate([tones, pause, tones]), 16_000, RATE_HZ)
        wave += 0.04 * noise.standard_normal(len(wave))
        name = f"{number}.wav"
        soundfile.write(folder / name, np.stack([wave, 1e-5 * wave], axis=1), RATE_HZ, subtype="PCM_24")
        entry = {"audio_filepath": name, "duration": len(wave) / RATE_HZ, "text": "네", "split": "test"}
        entries.append(json.dumps(entry | {"id": str(number)}))
    (folder / "all.jsonl").write_text("\n".join(entries))
    return folder / "all.jsonl"


def preprocess(listing, folder, *settings):
    sets = ["silence.longest_s=1.0", "silence.kept_s=0.4", "transcript.min_characters=1", *settings]
    words = [word for setting in sets for word in ("--set", setting)]
    places = ["--out", folder / "s", "--manifest", folder / "m.json"]
    malsori("preprocess", listing, "--corpus", "nemo", *places, *words)
    return folder / "m.json"


def trained_behind(manifest, trained, folder):
    """The trained run, as if it had been trained on `manifest`."""
    record = TrainedOn.of(*open_sources([manifest])).model_dump(mode="json")
    run = shutil.copytree(trained, folder / "run")
    for path in run.glob("checkpoints/*/checkpoint.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"manifests": [record]}))
    return run


def kept_s(utterances, row):
    """The spans of a row's recording that the shard holds, in seconds rounded as times are."""
    spans = utterances.value(row, "kept")
    return [(round(span["start"] / RATE_HZ, 3), round(span["end"] / RATE_HZ, 3)) for span in spans]


def test_the_raw_file_of_a_row_gives_the_labels_of_the_row(listing, trained, tmp_path):
    manifest = preprocess(listing, tmp_path)
    utterances = Utterances(open_sources([manifest]), "test")
    plain = Utterances(open_sources([preprocess(listing, tmp_path / "off", "denoise.engine=off")]), "test")
    run = trained_behind(manifest, trained, tmp_path)
    paths = [listing.parent / f"{utterances.value(row, 'id').rpartition('/')[2]}.wav" for row in range(6)]
    arguments = ["transcribe", run, "--json", "--times", *paths]
    result = CliRunner().invoke(train.cli.main, list(map(str, arguments)))
    assert (result.exit_code, result.stderr) == (0, "")
    recogniser = find_checkpoint(run).load_recogniser()
    scored = score(recogniser, utterances).rows
    for row, line in enumerate(map(json.loads, result.stdout.splitlines())):
        recorded_s = soundfile.info(paths[row]).duration
        assert utterances.samples_R[row] / 16_000 < recorded_s - 1  # the pause was cut
        assert np.any(utterances.audio(row) != plain.audio(row))  # the gate acted
        assert recogniser.vocabulary.encode(line["ipa"].split()) == scored[row].hypothesis.labels
        assert line["seconds"] == pytest.approx(recorded_s, abs=0.001)
        (_, left_s), (right_s, end_s) = kept_s(utterances, row)
        times = [(phone["start_s"], phone["end_s"]) for phone in line["times"]]
        assert times == sorted(times)
        assert right_s - left_s > 1
        assert times[0][0] < left_s - 0.2  # of the tones before the pause
        assert right_s + 0.2 < times[-1][1] <= end_s + 0.001  # of those after it
        assert not [time for time in times if left_s < time[0] < right_s or left_s < time[1] < right_s]
