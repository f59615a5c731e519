import json
import shutil

import pytest
from edited_dataset import edit_manifest
from handoff_data import Person
from small_corpus import make_kspon_corpus, preprocess_arguments

from pipeline.contract.manifest_file import read_manifest
from pipeline.dataset.compare import CAUSES, EFFECTS, MAX_LINES, NO_CAUSE, compare_manifests


def difference(malsori, one, other) -> tuple[list[str], list[str]]:
    """The causes and the effects that `show --diff` names."""
    result = malsori("show", one, "--diff", other)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == CAUSES
    middle = lines.index(EFFECTS)
    return lines[1:middle], lines[middle + 1 :]


@pytest.fixture(scope="module")
def made(tmp_path_factory, malsori):
    """A corpus of a few utterances, and the manifest made of it."""
    folder = tmp_path_factory.mktemp("made")
    corpus = make_kspon_corpus(folder / "corpus", utterances=5)
    assert malsori(*preprocess_arguments(corpus, folder)).exit_code == 0
    return corpus, folder / "small.json"


def test_a_changed_setting_is_why_and_the_shards_are_what(made, malsori, tmp_path):
    corpus, manifest = made
    malsori(*preprocess_arguments(corpus, tmp_path), "--set", "denoise.engine=off")
    causes, effects = difference(malsori, manifest, tmp_path / "small.json")
    assert causes == ["  settings.denoise.engine: gate against off"]
    assert [line.split(":")[0] for line in effects] == [
        "  shards.train-00000.arrow train", "  shards.valid-00000.arrow valid",
    ]  # fmt: skip


def test_a_changed_input_is_why(made, malsori, tmp_path):
    corpus = shutil.copytree(made[0], tmp_path / "corpus")
    next(corpus.rglob("KsponSpeech_000001.pcm")).unlink()
    malsori(*preprocess_arguments(corpus, tmp_path))
    causes, effects = difference(malsori, made[1], tmp_path / "small.json")
    assert len(causes) == 2
    assert all("5 utterances of KsponSpeech" in line for line in causes)
    assert "  counts.dropped.missing_audio: 1 against 2" in effects
    assert "  counts.kept: 3 against 2" in effects


def test_recordings_that_changed_in_place_leave_no_cause_but_are_seen(made, malsori, tmp_path):
    corpus = shutil.copytree(made[0], tmp_path / "corpus")
    pcm = next(corpus.rglob("KsponSpeech_000001.pcm"))
    pcm.write_bytes(pcm.read_bytes()[::-1])
    malsori(*preprocess_arguments(corpus, tmp_path))
    causes, effects = difference(malsori, made[1], tmp_path / "small.json")
    assert causes == [NO_CAUSE]
    assert effects


def test_a_view_differs_by_its_history(copied, malsori, tmp_path):
    malsori("split", copied, "-o", tmp_path / "s.json", "--valid", 0.5)
    causes, effects = difference(malsori, copied, tmp_path / "s.json")
    assert len(causes) == 1
    assert causes[0].startswith('  history.1: nothing against split {"by": "speaker"')
    assert all(line.startswith("  shards.") for line in effects)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda content: content["settings"][0]["versions"].update(g2pk="9"), "settings.versions.g2pk"),
        (lambda content: content.update(part={"number": 1, "of": 2}), "part: nothing against 1 of 2"),
        (lambda content: content["settings"].append(content["settings"][0]), "settings: 1 sets of them"),
        (lambda content: content["sources"][0]["corpus"].update(licence="secret"), "(secret)"),
        (lambda content: content["settings"][0]["values"].pop("ctc"), "settings.ctc"),
    ],
)
def test_every_cause_is_named(dataset, malsori, tmp_path, change, cause):
    other = tmp_path / "other.json"
    other.write_text(dataset.read_text())
    edit_manifest(other, change)
    causes, _ = difference(malsori, dataset, other)
    assert any(cause in line for line in causes)


def test_equal_manifests_and_the_facts_of_their_runs(dataset, malsori, tmp_path):
    (tmp_path / "other.json").write_text(dataset.read_text())
    edit_manifest(tmp_path / "other.json", lambda content: content["run"].update(host="elsewhere", jobs=64))
    result = malsori("show", dataset, "--diff", tmp_path / "other.json")
    assert result.stdout == "no difference, apart from when and where they were made\n"


def test_what_differs_in_many_shards_is_cut_short(make):
    manifest = read_manifest(make("radio", [Person("a", 2)]))
    shard = manifest.shards[0]
    many = tuple(shard.model_copy(update={"path": f"{number}.arrow"}) for number in range(100))
    lines = compare_manifests(manifest, manifest.model_copy(update={"shards": many}))
    shards = [line for line in lines if line.startswith("  shards")]
    assert len(shards) == MAX_LINES + 1
    assert shards[-1] == f"  shards: {101 - MAX_LINES} more"


def test_control_characters_of_a_stranger_do_not_reach_the_terminal(dataset, malsori, tmp_path):
    hostile = tmp_path / "hostile.json"
    hostile.write_text(dataset.read_text())
    name = "\x1b[2J\u202eevil\nread  99"
    edit_manifest(hostile, lambda content: content.update(history=[name]))
    for arguments in (["show", hostile], ["show", dataset, "--diff", hostile]):
        output = malsori(*arguments).output
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert r"\x1b[2J\u202eevil" in output
        assert "\nread  99" not in output


def test_json_is_the_manifest(dataset, malsori):
    assert json.loads(malsori("show", dataset, "--json").stdout) == json.loads(dataset.read_text())
