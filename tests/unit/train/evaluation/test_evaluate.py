import csv
import io
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from requirements import needs_flashlight

from pipeline.contract.errors import InputRejected
from train.cli import main
from train.evaluation.confusions import NOTHING, commonest, confusions_csv, confusions_svg, count_confusions
from train.evaluation.metrics import break_down, count_edits, worst
from train.evaluation.page import evaluation_page
from train.run.fit import fit
from train.run.folder import RunFolder


def row(id_, reference, hypothesis, **changes):
    edits = count_edits(reference.split(), hypothesis.split())
    return {
        "id": id_,
        "speaker": None,
        "seconds": 1.0,
        "snr_db": None,
        "per": edits.rate if reference else None,
        "substitutions": edits.substitutions,
        "deletions": edits.deletions,
        "insertions": edits.insertions,
        "reference_phones": edits.reference_length,
        "reference": reference,
        "hypothesis": hypothesis,
        "spoken": "",
        "hangul": "",
        "character_errors": 0,
        "reference_characters": 2,
    } | changes


def test_groups_add_up_and_unknown_ones_are_left_out():
    rows = [
        row("a", "k ɑ", "k ɑ", speaker="x", seconds=1.99, snr_db=9.9),
        row("b", "k ɑ", "k o", speaker="y", seconds=2.0, snr_db=10.0),
        row("c", "n ɑ m", "n", speaker="x", seconds=400.0),
        row("d", "", "m", speaker="y", seconds=3.0),
    ]
    found = break_down(rows)
    assert {name: group["per"] for name, group in found["by_speaker"].items()} == {"x": 2 / 5, "y": 2 / 2}
    assert list(found["by_seconds"]) == ["<2", "2-4", ">=16"]
    assert found["by_seconds"]["2-4"] == {
        "per": 1.0,
        "cer": 0.0,
        "substitutions": 1,
        "deletions": 0,
        "insertions": 1,
        "reference_phones": 2,
        "utterances": 2,
    }
    assert [group["utterances"] for group in found["by_snr_db"].values()] == [1, 1]
    assert set(found["per_95"]) == {"by_utterance", "by_speaker"}
    assert [one["id"] for one in worst(rows, 2)] == ["c", "b"]
    alone = break_down([one | {"speaker": None} for one in rows])
    assert alone["by_speaker"] == {}
    assert set(alone["per_95"]) == {"by_utterance"}


def test_confusions_count_every_phone_once():
    rows = [row("a", "k ɑ m", "k o m i"), row("b", "k ɑ", "ɑ")]
    confusions = count_confusions(rows)
    assert confusions == {
        ("k", "k"): 1,
        ("ɑ", "o"): 1,
        ("m", "m"): 1,
        (NOTHING, "i"): 1,
        ("k", NOTHING): 1,
        ("ɑ", "ɑ"): 1,
    }
    head, *lines = csv.reader(io.StringIO(confusions_csv(confusions)))
    assert head == ["reference", "k", "m", "ɑ", "i", "o", NOTHING]  # as the vocabulary has them
    assert sum(int(count) for line in lines for count in line[1:]) == 6
    assert confusions_svg(confusions).count("<rect") == 6
    assert commonest(confusions, 1) == [(NOTHING, "i", 1)]


def test_the_page_is_whole_and_nothing_of_the_corpus_is_markup():
    evil = "<script>alert(1)</script>&\"'"
    rows = [row(evil, "k ɑ", "k", spoken=evil, hangul=evil, speaker=evil), row("b", "k", "k", speaker="b")]
    summary = {
        "per": 1 / 3,
        "split": "test",
        "manifests": [evil],
        "checkpoint": evil,
        "step": 1,
        "decoder": "greedy",
        "utterances": 2,
        "unreadable": 0,
        "reference_phones": 3,
        "substitutions": 0,
        "deletions": 1,
        "insertions": 0,
        "cer_is_of": "syllables as pronounced",
        **break_down(rows),
    }
    html = evaluation_page(summary, rows, count_confusions(rows))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 5
    assert "33.33 %" in html
    assert not re.search(r"(src|href)\s*=|url\(|@import|style=", html)
    assert set(re.findall(r"https?://[^\"' ]*", html)) == {"http://www.w3.org/2000/svg"}
    assert "Content-Security-Policy" in html
    assert "light dark" in html
    assert "width=device-width" in html


def chain(count, split, make_row, *, seed):
    """Tones in heavy noise; each mostly decides the next one, so that a phone n-gram helps."""
    random = np.random.default_rng(seed)
    time = np.arange(1_280) / 16_000
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
    rows = []
    for number in range(count):
        labels = [int(random.integers(1, 9))]
        for _ in range(random.integers(6, 12)):
            labels.append(labels[-1] * 5 % 8 + 1 if random.random() < 0.9 else int(random.integers(1, 9)))
        tones = [np.sin(2 * np.pi * 250 * 1.35**label * time) * fade for label in labels]
        wave = np.concatenate([np.zeros(800), *tones, np.zeros(800)])
        wave = 0.2 * wave + 0.2 * random.standard_normal(len(wave))
        samples = np.round(np.clip(wave, -1, 1) * 32_767).astype(np.int16)
        words = [f"{'가나다라마바사아'[label - 1]}" for label in labels]
        rows.append(
            make_row(
                f"chain/{split}{number}",
                split,
                labels,
                samples,
                speaker=f"chain/{number % 3}",
                spoken=" ".join(words),
                pronunciation=" ".join("아" for _ in labels),
            )
        )
    return rows


@pytest.fixture(scope="module")
def chained(tmp_path_factory, micro, make_row, write_rows):
    """The manifest of noisy chains, and the folder of a run that has half learned them."""
    rows = [
        one
        for split, count, seed in (("train", 150, 1), ("valid", 30, 2), ("test", 40, 3))
        for one in chain(count, split, make_row, seed=seed)
    ]
    folder = tmp_path_factory.mktemp("chains")
    manifest = write_rows(folder / "shards", rows)
    run = RunFolder(folder / "run")
    fit([manifest], run, preset=str(micro), assignments=["loop.max_steps=20"], resume=False)
    return manifest, run.path


def evaluate(run, manifest, out, decoder):
    arguments = ["evaluate", run, manifest, "--split", "test", "--decoder", decoder, "-o", out]
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return json.loads((out / "evaluation.json").read_text()), result.stderr


@needs_flashlight
def test_the_phone_ngram_beats_greedy_on_held_out_data(chained, tmp_path):
    manifest, run = chained
    greedy, _ = evaluate(run, manifest, tmp_path / "greedy", "greedy")
    ngram, said = evaluate(run, manifest, tmp_path / "ngram", "ngram")
    assert greedy["per"] > 0.1
    assert ngram["per"] < 0.9 * greedy["per"]
    assert ngram["tuned_on"] == 30
    assert set(ngram["weights"]) == {"ngram", "blank", "word"}
    assert "making the ngram decoder" in said
    made = {path: path.read_bytes() for path in (run / "decoding/ngram").iterdir()}
    again, said = evaluate(run, manifest, tmp_path / "again", "ngram")
    assert again == ngram
    assert "making" not in said
    (run / "decoding/ngram/phones.arpa").write_text("cut off")
    mended, said = evaluate(run, manifest, tmp_path / "mended", "ngram")
    assert mended == ngram
    assert made == {path: path.read_bytes() for path in (run / "decoding/ngram").iterdir()}


def test_all_files_of_an_evaluation(chained, tmp_path):
    manifest, run = chained
    summary, _ = evaluate(run, manifest, tmp_path, "greedy")
    names = {"evaluation.json", "evaluation.html", "utterances.jsonl", "confusions.csv", "confusions.svg"}
    assert {path.name for path in tmp_path.iterdir()} == names | {".lock"}
    assert list(summary["by_speaker"]) == ["chain/0", "chain/1", "chain/2"]
    assert summary["utterances"] == sum(group["utterances"] for group in summary["by_speaker"].values()) == 40
    low, high = summary["per_95"]["by_utterance"]
    assert low < summary["per"] < high
    rows = [json.loads(line) for line in (tmp_path / "utterances.jsonl").read_text().splitlines()]
    assert sum(one["substitutions"] for one in rows) == summary["substitutions"]


@needs_flashlight
def test_a_run_without_words_says_so(trained, tone_manifest, tmp_path):
    arguments = ["evaluate", trained, tone_manifest, "--decoder", "words", "-o", tmp_path / "out"]
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == InputRejected.exit_code
    assert "can be divided into words" in result.stderr
    assert not (tmp_path / "out").exists()
