"""Recognition takes bounded memory, whatever a row's length: longer rows are counted, not recognised."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.contract.schema import SAMPLE_RATE_HZ
from train.cli import main
from train.data.dataset import UnreadableRow, Utterances
from train.data.sources import open_sources
from train.limits import MOST_RECOGNISED_S
from train.model.inference import MOST_VALUES, longest_recognised, recognise_rows
from train.run.folder import find_checkpoint
from train.settings import MOST_VALUES_A_SECOND, PRESETS, read_settings

MOST_BYTES = 2 * 10**9


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.toml")))
def test_a_layer_of_the_longest_row_takes_two_gigabytes_at_most(preset):
    settings = read_settings(preset, [])
    seconds = longest_recognised(settings) / SAMPLE_RATE_HZ
    assert seconds == MOST_RECOGNISED_S
    assert 4 * seconds * settings.values_a_second < MOST_BYTES / 2


def test_so_does_one_of_the_widest_network_that_settings_allow(monkeypatch):
    settings = read_settings("tiny", [])
    monkeypatch.setattr(type(settings), "values_a_second", MOST_VALUES_A_SECOND)
    assert 4 * longest_recognised(settings) / SAMPLE_RATE_HZ * MOST_VALUES_A_SECOND <= 4 * MOST_VALUES


def test_rows_over_the_limit_are_named_and_the_others_recognised_as_without_them(
    trained, make_corpus, make_tones, monkeypatch
):
    """Any limit; and a row of exactly so many samples is recognised."""
    rows = make_tones(12, "test", seed=7)
    utterances = Utterances(open_sources([make_corpus(rows)]), "test")
    recogniser = find_checkpoint(trained).load_recogniser()
    lengths = sorted(len(row.samples) for row in rows)
    for limit in (0, lengths[0], lengths[5], lengths[5] - 1, lengths[-1]):
        monkeypatch.setattr("train.model.inference.MOST_RECOGNISED_S", limit / SAMPLE_RATE_HZ)
        parts = list(recognise_rows(recogniser, utterances, range(len(rows))))
        assert sorted(row for part in parts for row in part.rows) == [
            number for number, row in enumerate(rows) if len(row.samples) <= limit
        ]
        assert sorted(id_ for part in parts for id_ in part.unreadable) == sorted(
            row.id for row in rows if len(row.samples) > limit
        )


def test_a_row_of_hours_stops_neither_a_run_nor_an_evaluation(
    tmp_path, micro, make_corpus, make_tones, make_row, monkeypatch
):
    """And its audio is never decoded."""
    silence = np.zeros(int(MOST_RECOGNISED_S * SAMPLE_RATE_HZ) + 1, np.int16)
    rows = make_tones(8, "train", seed=1)
    for split in ("valid", "test"):
        long = make_row(f"tones/s1/long-{split}", split, [1, 2], silence, flac=True)
        rows += [long, *make_tones(2, split, seed=2)]
    manifest = make_corpus(rows)
    decoded = []
    read = Utterances.audio
    monkeypatch.setattr(
        Utterances, "audio", lambda self, row: decoded.append(self.value(row, "id")) or read(self, row)
    )
    fit = ["fit", manifest, "--run", tmp_path / "run", "--preset", micro, "--set", "loop.max_steps=1"]
    for command in (fit, ["evaluate", tmp_path / "run", manifest, "-o", tmp_path / "out"]):
        result = CliRunner().invoke(main, list(map(str, command)))
        assert result.exit_code == 0, result.stderr
        assert "2 utterances" in result.stdout
        assert f"1 more could not be read, or last over {MOST_RECOGNISED_S:.0f} s" in result.stdout
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["unreadable"] == 1
    assert not any("long" in id_ for id_ in decoded)


def test_rows_of_one_id_are_told_apart_when_one_of_them_cannot_be_read(trained, make_corpus, make_tones):
    """Two manifests may share ids."""
    rows = make_tones(6, "test", seed=3)
    sources = open_sources([make_corpus(rows, name="one"), make_corpus(rows, name="two")])
    utterances = Utterances(sources, "test")
    really = utterances.audio

    def audio(row):
        if row in {1, 8}:
            raise UnreadableRow("damaged")
        return really(row)

    utterances.audio = audio
    parts = list(recognise_rows(find_checkpoint(trained).load_recogniser(), utterances, range(12)))
    assert sorted(row for part in parts for row in part.rows) == [0, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    assert sorted(id_ for part in parts for id_ in part.unreadable) == sorted([rows[1].id, rows[2].id])
    assert all(part.log_probs_TNV.size(1) == len(part.rows) for part in parts)
