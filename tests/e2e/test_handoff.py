"""The hand-off drill: made on box A, carried to box B, verified and trained on there; then spoilt."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from edited_dataset import edit_dataset, edit_manifest
from small_corpus import rows_by_id

TRAIN, VALID = "train-00000.arrow", "valid-00000.arrow"


@pytest.fixture
def carried(dataset: Path, tmp_path: Path) -> Path:
    """Box B: the manifest and the shards of `dataset`, and nothing else of it, under another path."""
    shards = tmp_path / "box-b" / "disk" / "shards"
    shards.mkdir(parents=True)
    for name in (TRAIN, VALID, "small.dropped.jsonl"):
        shutil.copy(dataset.parent / "shards" / name, shards)
    return Path(shutil.copy(dataset, shards.parent))


def trainer(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "train", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_carried_dataset_is_verified_and_trained_on(carried, dataset, malsori, tmp_path):
    assert malsori("verify", carried, "--deep").exit_code == 0
    assert rows_by_id(carried) == rows_by_id(dataset)
    run = trainer("fit", carried, "--run", tmp_path / "run", "--preset", "tiny", "--set", "loop.max_steps=2")
    assert run.returncode == 0, run.stderr
    assert "PER" in run.stdout
    assert "on split valid: 4 utterances" in run.stdout


def test_a_view_of_shards_that_are_somebody_elses_is_carried_and_trained_on(dataset, malsori, tmp_path):
    """Made on box A over shards on a disk of its own, carried to box B with its list, shards apart."""
    box_a, box_b = tmp_path / "box-a", tmp_path / "box-b"
    view = box_a / "views" / "view.json"
    assert malsori("filter", dataset, "duration_s > 1", "-o", view).exit_code == 0
    shards = shutil.copytree(dataset.parent / "shards", box_b / "disk", ignore=shutil.ignore_patterns(".*"))
    carried = Path(shutil.copytree(view.parent, box_b / "home")) / view.name
    assert malsori("verify", carried, "--deep", "--root", shards).exit_code == 0
    again = box_b / "again" / "split.json"
    assert malsori("split", carried, "--valid", 0.3, "-o", again, "--root", shards).exit_code == 0
    assert malsori("verify", again, "--deep").exit_code == 0
    run = trainer("fit", again, "--run", tmp_path / "run", "--preset", "tiny", "--dry-run")
    assert run.returncode == 0, run.stderr


def _cut_at_a_record_batch(manifest: Path) -> None:
    """Every byte that is left is right, and Arrow reads the stream without an error."""
    path = manifest.parent / "shards" / TRAIN
    content = path.read_bytes()
    source = pa.BufferReader(content)
    assert next(iter(pa.ipc.MessageReader.open_stream(source))).type == "schema"
    path.write_bytes(content[: source.tell()])
    with pa.ipc.open_stream(path) as stream:
        assert stream.read_all().num_rows == 0


def _cut_in_the_middle(manifest: Path) -> None:
    path = manifest.parent / "shards" / TRAIN
    path.write_bytes(path.read_bytes()[:100_000])


def _swap(manifest: Path) -> None:
    folder = manifest.parent / "shards"
    (folder / TRAIN).rename(folder / "x")
    (folder / VALID).rename(folder / TRAIN)
    (folder / "x").rename(folder / VALID)


def _edit_a_label(manifest: Path) -> None:
    path = manifest.parent / "shards" / TRAIN
    with pa.ipc.open_stream(path) as stream:
        table = stream.read_all()
    labels = table["labels"].chunk(0).values.to_numpy().tobytes()
    content = path.read_bytes()
    assert content.count(labels) == 1
    path.write_bytes(content.replace(labels, bytes([labels[0] % 41 + 1]) + labels[1:]))


def _change_the_vocabulary(manifest: Path) -> None:
    def change(content):
        symbols = content["vocabulary"]["symbols"]
        symbols[0], symbols[1] = symbols[1], symbols[0]

    edit_manifest(manifest, change)


def _drop(name: str) -> Callable[[Path], None]:
    return lambda manifest: (manifest.parent / "shards" / name).unlink()


def _link_outside(manifest: Path) -> None:
    path = manifest.parent / "shards" / VALID
    path.symlink_to(shutil.move(path, manifest.parent.parent / "elsewhere.arrow"))


def _name(path: str) -> Callable[[Path], None]:
    def spoil(manifest: Path) -> None:
        edit_manifest(manifest, lambda content: content["shards"][1].update(path=path))

    return spoil


HARM = {
    "cut at a record batch": (_cut_at_a_record_batch, [TRAIN, "bytes, the manifest says"]),
    "cut in the middle": (_cut_in_the_middle, [TRAIN, "bytes, the manifest says"]),
    "two shards swapped": (_swap, [TRAIN, VALID, "bytes, the manifest says"]),
    "a label edited": (_edit_a_label, [TRAIN, "its bytes have changed"]),
    "the vocabulary changed": (_change_the_vocabulary, ["vocabulary", "do not have the recorded sha256"]),
    "a shard dropped": (_drop(VALID), [VALID, "missing"]),
    "the dropped list dropped": (_drop("small.dropped.jsonl"), ["small.dropped.jsonl is missing"]),
    "a link out of the root": (_link_outside, [VALID, "leads out of", "--allow-outside"]),
    "a path with ..": (_name(f"../shards/{VALID}"), ["shards.1.path", "below the root"]),
    "an absolute path": (_name("/etc/passwd"), ["shards.1.path", "below the root"]),
    "another file": (_name("small.dropped.jsonl"), ["small.dropped.jsonl", "bytes, the manifest says"]),
}


@pytest.mark.parametrize("harm", HARM)
def test_every_harm_is_caught_and_named(carried, malsori, harm):
    spoil, named = HARM[harm]
    spoil(carried)
    result = malsori("verify", carried)
    assert result.exit_code == 5
    assert all(text in result.stderr for text in named), result.stderr
    assert "Traceback" not in result.stderr


def test_a_label_edited_by_somebody_who_mends_the_hashes_is_caught_by_deep(carried, malsori, tmp_path):
    def edit(row):
        labels = row["labels"]
        return row | {"labels": [labels[0] % 41 + 1, *labels[1:]]}

    manifest = edit_dataset(carried, tmp_path / "edited", edit)
    assert malsori("verify", manifest).exit_code == 0
    result = malsori("verify", manifest, "--deep")
    assert result.exit_code == 5
    assert (
        "shard train-00000.arrow, utterance kspon/KsponSpeech_000001: its labels are not its IPA"
        in result.stderr
    )


def test_the_trainer_refuses_what_it_would_train_on_wrongly(carried, tmp_path):
    """One process for all: it takes seconds to load."""
    harms = ["cut at a record batch", "two shards swapped", "the vocabulary changed", "a shard dropped",
             "a link out of the root", "a path with .."]  # fmt: skip
    manifests = []
    for harm in harms:
        folder = shutil.copytree(carried.parent, tmp_path / harm.replace(" ", "-"))
        HARM[harm][0](folder / carried.name)
        manifests.append(folder / carried.name)
    script = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from train.cli import main\n"
        "for path in sys.argv[1:]:\n"
        "    result = CliRunner().invoke(main, ['fit', path, '--run', path + '.run', '--dry-run'])\n"
        "    print(result.exit_code, result.stderr.strip())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *map(str, manifests)], capture_output=True, text=True, check=True
    )
    lines = [line for line in run.stdout.splitlines() if line[:1].isdecimal()]
    assert [line.split()[0] for line in lines] == ["5"] * len(harms), run.stdout + run.stderr
