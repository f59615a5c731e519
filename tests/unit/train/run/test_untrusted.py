"""A checkpoint that somebody else wrote: refused in one line, quickly, without memory, or used."""

import hashlib
import json
import os
import random
import resource
import struct
import time

import pytest
import torch
from mutations import mutate_bytes

from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.settings import read_preset
from train.decoding.greedy import decode_greedily
from train.loop.optim import make_optimiser
from train.run.checkpoint import read_checkpoint
from train.run.record import MODEL, OPTIMISER, RECORD
from train.run.tensors import open_tensors
from train.settings import PRESETS, read_settings

SECONDS, MEGABYTES = 20.0, 500
"""Far more than a refusal takes (0.1 s, 20 MB), far less than believing takes."""


@pytest.fixture
def folder(copied):
    return copied.last().folder


@pytest.fixture
def cheap():
    """The block costs neither time nor memory."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - started < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


def rewrite(folder, change):
    """Change the record, and give it the hashes of the files as they are."""
    path = folder / RECORD
    record = json.loads(path.read_text())
    change(record)
    record["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in record["files"]
    }
    path.write_text(json.dumps(record))


LARGE = {
    "layers": {"layers": 100, "hidden": 16_384},
    "too many layers": {"layers": 10**7},
    "hidden": {"hidden": 16_384},
    "too much hidden": {"hidden": 20_000},
    "kernels": {"kernels": [[127, 127]]},
    "too large kernels": {"kernels": [[10**6 + 1, 10**6 + 1]]},
    "even kernels": {"kernels": [[8, 8]]},
    "no kernel": {"kernels": [[-1, -1]]},
    "channels": {"channels": [16_384], "bin_strides": [16], "time_strides": [16]},
    "strides": {"bin_strides": [2**40], "time_strides": [2**40]},
    "embeddings": {"embeddings": [16_384] * 16},
    "many embeddings": {"embeddings": [1] * 10_000},
    "classifier": {"classifier": [16_384] * 16},
    "lookahead": {"lookahead": 1_000, "bidirectional": False},
    "cell": {"cell": "lstm"},
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_network_is_as_large_as_its_weights_or_is_not_built(folder, cheap, kind):
    rewrite(folder, lambda record: record["settings"]["model"].update(LARGE[kind]))
    with pytest.raises(HandOffBroken):
        read_checkpoint(folder).load_recogniser()


FEATURES = [{"fft_size": 10**9}, {"fft_size": 256}, {"fft_size": 0}, {"hop_ms": 30}, {"window_ms": 10**9}]
FEATURES += [
    {"mels": 25},
    {"mels": 256},
    {"lowest_hz": 8000.0},
    {"highest_hz": 25.0},
    {"normalise": "corpus"},
]
FEATURES += [{"kind": "mfcc", "coefficients": 200}, {"hop_ms": 0}, {"lowest_hz": 7999.0}]


@pytest.mark.parametrize("changes", FEATURES, ids=str)
def test_features_that_cannot_be_computed_are_a_broken_checkpoint(folder, cheap, changes):
    rewrite(folder, lambda record: record["settings"]["features"].update(changes))
    with pytest.raises(HandOffBroken):
        read_checkpoint(folder).load_recogniser()


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("batching", {"longest_s": 1e-9}),
        ("batching", {"budget_s": 1e300, "longest_s": 1e299}),
        ("batching", {"most_padding": 1e308}),
        ("decode", {"beam": 10**12}),
        ("augment", {"speed_percents": [100] * 100_000}),
        ("loop", {"threads": 10**9}),
    ],
)
def test_settings_beyond_their_limits_are_a_broken_checkpoint(folder, cheap, section, changes):
    rewrite(folder, lambda record: record["settings"][section].update(changes))
    with pytest.raises(HandOffBroken, match=next(iter(changes))):
        read_checkpoint(folder)


def as_safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
HEADERS = {
    "empty": b"",
    "short": b"\x01",
    "a length that is not there": struct.pack("<Q", 10**6),
    "a header of exabytes": struct.pack("<Q", 2**63) + b"{}",
    "not JSON": as_safetensors(b"{"),
    "nested": as_safetensors(b"[" * 10**5),
    "a list": as_safetensors([]),
    "a long number": as_safetensors(b'{"a": ' + b"9" * 10**5 + b"}"),
    "no header": as_safetensors({"a": 1}),
    "an unknown type": as_safetensors({"a": ONE | {"dtype": "F4"}}, b"1234"),
    "a type that is none": as_safetensors({"a": ONE | {"dtype": [1]}}, b"1234"),
    "too large": as_safetensors({"a": ONE | {"shape": [2**40], "data_offsets": [0, 2**42]}}, b"1234"),
    "overflow": as_safetensors({"a": ONE | {"shape": [2**40, 2**40], "data_offsets": [0, 4]}}, b"1234"),
    "negative": as_safetensors({"a": ONE | {"shape": [-1, -1]}}, b"1234"),
    "true": as_safetensors({"a": ONE | {"shape": [True]}}, b"1234"),
    "many dimensions": as_safetensors({"a": ONE | {"shape": [1] * 10**5}}, b"1234"),
    "overlap": as_safetensors({"a": ONE, "b": ONE}, b"1234"),
    "a gap": as_safetensors({"a": ONE, "b": ONE | {"data_offsets": [8, 12]}}, b"1234" * 3),
    "more bytes": as_safetensors({"a": ONE}, b"12345"),
    "fewer bytes": as_safetensors({"a": ONE}, b"123"),
    "others": as_safetensors({"a": ONE}, b"1234"),
    "none": as_safetensors({}),
}


@pytest.mark.parametrize("name", [MODEL, OPTIMISER])
@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_lies_is_refused(folder, cheap, kind, name):
    if (kind, name) == ("none", OPTIMISER):
        pytest.skip("an optimiser that has taken no step has no tensors")
    (folder / name).write_bytes(HEADERS[kind])
    rewrite(folder, lambda _: None)
    with pytest.raises(HandOffBroken, match=name) as refused:
        read_checkpoint(folder).tensors(name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < len(str(folder)) + 500


def test_a_file_without_end_is_not_read(folder, cheap):
    """8 TB of zeros that take no place on the disk, announced by a header that agrees with them."""
    header = as_safetensors({"0.exp_avg": {"dtype": "F32", "shape": [2**41], "data_offsets": [0, 2**43]}})
    for name in (MODEL, OPTIMISER):
        with (folder / name).open("wb") as stream:
            stream.write(header)
            stream.truncate(len(header) + 2**43)
        with pytest.raises(HandOffBroken, match="of another model"):
            read_checkpoint(folder).tensors(name)


@pytest.mark.parametrize("seed", range(150))
def test_damaged_weights_are_refused_or_read(folder, seed):
    """Under a record that knows the hash of what was made of them."""
    rng = random.Random(seed)
    name = rng.choice([MODEL, OPTIMISER])
    content = (folder / name).read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    (folder / name).write_bytes(mutate_bytes(content, rng, spots=[(0, length)]))
    rewrite(folder, lambda _: None)
    checkpoint = read_checkpoint(folder)
    try:
        recogniser = checkpoint.load_recogniser()
        checkpoint.restore(recogniser, make_optimiser(recogniser, checkpoint.record.settings.optim))
    except HandOffBroken:
        return
    assert recogniser.parameter_count() > 10_000


def test_what_was_hashed_is_what_is_read(folder):
    """A file swapped after it was opened changes nothing."""
    expected = read_checkpoint(folder).tensors(MODEL)
    sha256 = read_checkpoint(folder).record.files[MODEL]
    with open_tensors(folder / MODEL) as found:
        (folder / MODEL).rename(folder / "moved")
        (folder / MODEL).write_bytes(b"another")
        tensors = found.read(sha256=sha256)
    assert tensors.keys() == expected.keys()
    assert all(torch.equal(tensors[name], tensor) for name, tensor in expected.items())


def test_weights_that_are_not_finite_end_in_an_answer(folder, cheap):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / MODEL)
    save_file(
        {name: torch.full_like(tensor, float("nan")) for name, tensor in tensors.items()}, folder / MODEL
    )
    rewrite(folder, lambda _: None)
    recogniser = read_checkpoint(folder).load_recogniser().eval()
    answer = decode_greedily(*recogniser(torch.zeros((1, 16_000), dtype=torch.int16), torch.tensor([16_000])))
    assert len(answer) == 1


OPTIMISERS = {
    "a place": lambda record: record["optimiser"]["numbers"].update({"99": {"step": 1}}),
    "a name": lambda record: record["optimiser"]["numbers"].update({"x": {"step": 1}}),
    "a slot": lambda record: record["optimiser"]["numbers"].update({"0": {"other": 1}}),
}


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_state_of_another_optimiser_is_refused(folder, kind):
    rewrite(folder, OPTIMISERS[kind])
    checkpoint = read_checkpoint(folder)
    recogniser = checkpoint.load_recogniser()
    with pytest.raises(HandOffBroken, match="parameter"):
        checkpoint.restore(recogniser, make_optimiser(recogniser, checkpoint.record.settings.optim))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large", "nested"])
def test_a_preset_is_a_file_of_settings(tmp_path, cheap, kind):
    path = tmp_path / "preset.toml"
    make = {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
        "large": lambda: path.write_bytes(b"#" * 2**24),
        "nested": lambda: path.write_text(f"a = {'[' * 10_000}"),
    }
    make[kind]()
    with pytest.raises(InputRejected, match=r"preset\.toml"):
        read_preset(str(path), folder=PRESETS)


@pytest.mark.parametrize("text", [f"a={'[' * 10_000}", f"{'a.' * 10_000}b=1", f"loop.seed={'9' * 10_000}"])
def test_an_assignment_is_never_a_traceback(text):
    with pytest.raises(InputRejected):
        read_settings("tiny", [text])
