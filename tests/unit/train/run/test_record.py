"""Whatever settings are accepted, the checkpoint reads back equal; what is not a record is refused."""

import json
import sys
import typing

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.vocabulary import KOREAN
from train.data.sources import open_sources
from train.loop.optim import make_optimiser
from train.model.deepspeech2 import Recogniser, layout_of
from train.run.checkpoint import capture, read_checkpoint, require_storable
from train.run.folder import RunFolder
from train.run.record import (
    MOST_RECORD_BYTES,
    MOST_RECORD_VALUES,
    RECORD,
    Best,
    Position,
    parse_record,
    read_checkpoint_record,
)
from train.settings import TrainSettings, read_settings

SECTIONS = {name: field.annotation.model_fields for name, field in TrainSettings.model_fields.items()}
SETTINGS = [f"{section}.{key}" for section, fields in SECTIONS.items() for key in fields]
NUMBERS = st.one_of(
    st.integers(),
    st.integers(0, 300),
    st.floats(),
    st.floats(0, 1),
    st.sampled_from([10**30, -(2**63), 2**31, 1e308, 5e-324, 1e-300, 0, -0.0, 1, 1.0, "inf", "nan", "-inf"]),
)
VALUES = st.one_of(NUMBERS, st.booleans(), st.text(max_size=8), st.lists(NUMBERS, max_size=3))


def as_toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(as_toml, value))}]" if isinstance(value, list) else str(value)


@pytest.fixture(scope="module")
def tiny(micro):
    return read_settings(str(micro), [])


def written_and_read(changed, sources, tmp_path_factory, **position):
    recogniser = Recogniser(changed, KOREAN)
    optimiser = make_optimiser(recogniser, changed.optim)
    files, record = capture(
        recogniser, optimiser, position=Position(**position), settings=changed, sources=sources
    )
    run = RunFolder(tmp_path_factory.mktemp("run"))
    run.save(files, record)
    return record, run.last().record


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(SETTINGS), VALUES), min_size=1, max_size=3))
def test_accepted_settings_read_back_equal(tone_manifest, micro, assignments):
    """Settings only: what they are stored in is in the next test, for the edges of every setting."""
    try:
        accepted = read_settings(str(micro), [f"{key}={as_toml(value)}" for key, value in assignments])
    except InputRejected:
        return
    again = TrainSettings.model_validate_json(accepted.model_dump_json())
    assert again == accepted
    assert read_settings(None, [], base=accepted) == accepted  # as a resumed run reads them
    shapes, _ = layout_of(accepted, classes=42)  # a network of any size has its shapes at once
    assert shapes


def edges(field):
    """The least and the greatest value that a field's annotation names."""
    pending, found = [*typing.get_args(field.annotation), *field.metadata], []
    while pending:
        each = pending.pop()
        pending += [*typing.get_args(each), *getattr(each, "metadata", [])]
        found += [getattr(each, name) for name in ("ge", "gt", "le", "lt") if hasattr(each, name)]
    return sorted(set(found))


AT_THE_EDGE = [
    (f"{s}.{key}", edge) for s, fields in SECTIONS.items() for key in fields for edge in edges(fields[key])
]


def test_there_are_edges_to_try():
    limited = {name for name, _ in AT_THE_EDGE}
    free = {
        "kind",
        "normalise",
        "kernels",
        "cell",
        "bidirectional",
        "name",
        "options",
        "schedule",
        "precision",
    }
    free |= {"shortest_first", "device", "compile", "tensorboard", "decoder"}
    assert {name.split(".")[1] for name in set(SETTINGS) - limited} <= free


@pytest.mark.parametrize(("name", "edge"), AT_THE_EDGE, ids=str)
def test_a_checkpoint_of_accepted_settings_reads_back_equal(
    tone_manifest, micro, tmp_path_factory, name, edge
):
    forms = [f"{edge}", f"{float(edge)}", f"[{edge}]", f"[{float(edge)}]", f"[{edge}, {edge}]"]
    for form in [*forms, f"[{float(edge)}, {float(edge)}]"]:
        try:
            accepted = read_settings(str(micro), [f"{name}={form}"])
        except InputRejected:
            continue
        break
    else:
        return  # an edge that is excluded, or does not go with the preset's other settings
    if sum(map(torch.Size.numel, map(torch.Size, layout_of(accepted, classes=42)[1]))) > 10**7:
        return  # its size is known before it is built; the disk of a test machine is spared
    try:
        written, read = written_and_read(
            accepted, open_sources([tone_manifest]), tmp_path_factory, best=(Best(per=1e300, step=0),)
        )
    except InputRejected:
        assert name.startswith(("optim.", "features."))  # torch knows of limits that the settings do not
        return
    assert read == written


@pytest.mark.parametrize(
    "kind", sorted(name for name in vars(torch.optim) if isinstance(getattr(torch.optim, name), type))
)
def test_every_optimiser_comes_back_as_it_was_or_is_refused_at_once(tone_manifest, micro, tmp_path, kind):
    chosen = read_settings(str(micro), [f"optim.name={kind}"])
    sources = open_sources([tone_manifest])
    recogniser = Recogniser(chosen, KOREAN)
    try:
        optimiser = make_optimiser(recogniser, chosen.optim)
    except InputRejected:
        assert kind in {"LBFGS", "Muon", "Optimizer", "SparseAdam"}
        return
    require_storable(recogniser, optimiser, settings=chosen, sources=sources, ranks=1)
    for parameter in recogniser.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimiser.step()
    run = RunFolder(tmp_path)
    run.save(*capture(recogniser, optimiser, position=Position(), settings=chosen, sources=sources))
    checkpoint = run.last()
    other = checkpoint.load_recogniser()
    again = make_optimiser(other, chosen.optim)
    checkpoint.restore(other, again)
    before, after = optimiser.state_dict(), again.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert after["state"].keys() == before["state"].keys()
    for parameter, slots in before["state"].items():
        for name, value in slots.items():
            assert torch.equal(torch.as_tensor(after["state"][parameter][name]), torch.as_tensor(value)), name


def test_what_no_json_can_hold_is_still_a_checkpoint(
    tone_manifest, micro, tmp_path_factory, monkeypatch, tiny
):
    monkeypatch.setattr(sys, "argv", ["fit", "\udcff\udcfe.json", "\x1b[2J", "x" * 10**6])
    written, read = written_and_read(tiny, open_sources([tone_manifest]), tmp_path_factory)
    assert read == written
    assert len(read.command) <= 10_000


@pytest.mark.parametrize("kind", ["SparseAdam", "LBFGS", "Optimizer", "Nothing", "lr_scheduler", "__name__"])
def test_an_optimiser_that_cannot_train_is_refused_before_the_first_step(tiny, micro, kind):
    with pytest.raises(InputRejected, match=kind):
        make_optimiser(Recogniser(tiny, KOREAN), read_settings(str(micro), [f"optim.name={kind}"]).optim)


@pytest.fixture
def sound(copied):
    return copied.last().folder / RECORD


HOSTILE = {
    "empty": lambda _: b"",
    "not JSON": lambda _: b"{",
    "not UTF-8": lambda text: text.replace(b'"', b"\xff", 1),
    "a list": lambda _: b"[]",
    "too long": lambda text: text + b" " * MOST_RECORD_BYTES,
    "too many values": lambda text: text.replace(b'"best": [', b'"best": [' + b"1," * MOST_RECORD_VALUES),
    "nested": lambda text: text.replace(b'"numbers": {', b'"numbers": {"0": ' + b"[" * 100_000),
    "wrong list": lambda text: text.replace(b'"best": [', b'"best": [' + b"{}," * 200_000),
    "repeated key": lambda text: text.replace(b"{", b'{"format": 1, ', 1),
    "unknown keys": lambda text: text.replace(
        b"{", b"{" + b"".join(b'"%d": 1,' % n for n in range(90_000)), 1
    ),
    "a long number": lambda text: text.replace(b'"skipped": 0', b'"skipped": ' + b"9" * 10**6),
    "infinite": lambda text: text.replace(b'"skipped": 0', b'"skipped": 0, "valid_per": Infinity'),
    "a stranger's file": lambda text: text.replace(b'"model.safetensors"', b'"../../etc/passwd"'),
    "no hash": lambda text: text.replace(b'"optimiser.safetensors":', b'"training.safetensors":'),
    "another format": lambda text: text.replace(b'"format": 1', b'"format": 2'),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_not_a_record_is_refused_in_one_line(sound, kind):
    changed = HOSTILE[kind](sound.read_bytes())
    assert changed != sound.read_bytes()
    sound.write_bytes(changed)
    with pytest.raises(HandOffBroken, match=RECORD) as refused:
        read_checkpoint(sound.parent)
    assert len(str(refused.value)) < len(str(sound)) + 400
    assert "\n" not in str(refused.value)


def test_a_record_that_would_not_be_read_back_is_not_written(copied):
    """Old, never neither: the checkpoints before it are as they were."""
    record = copied.last().record
    before = sorted(path.name for path in copied.checkpoints.iterdir())
    with pytest.raises(InputRejected, match="read back"):
        copied.save({}, record.model_copy(update={"versions": {"x": "y" * MOST_RECORD_BYTES}}))
    nothing = record.model_copy(
        update={"position": record.position.model_copy(update={"valid_per": float("nan")})}
    )
    with pytest.raises(InputRejected, match="read back"):
        copied.save({}, nothing)
    assert sorted(path.name for path in copied.checkpoints.iterdir()) == before
    assert read_checkpoint_record(copied.last().folder / RECORD) == record
    assert parse_record(record.to_text().encode()) == record
    assert json.loads(record.to_text())["format"] == 1
