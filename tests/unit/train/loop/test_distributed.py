import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch.distributed.run import parse_args

from pipeline.contract.errors import InputRejected
from pipeline.contract.locks import locked
from train.cli import main
from train.run.fit import fit
from train.run.folder import RunFolder

PLAIN = ["model.dropout=0.0", "augment.bin_stripes=0", "augment.time_stripes=0", "loop.tensorboard=false"]
PLAIN += ["batching.budget_s=60.0", "optim.learning_rate=1e-3", "loop.epochs=9"]


PATIENCE_S = 900.0
"""A limit for what takes half a minute, so that a defect fails the test instead of hanging it."""


@contextmanager
def reserved_port():
    """A port that nobody else is given while the ranks are on their way to it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so may the first rank, which listens
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def train_on_ranks(count, *, manifest, run, preset, assignments):
    """Start one process per rank, as torchrun does, and return their exit codes."""
    sets = [word for assignment in assignments for word in ("--set", assignment)]
    command = [
        sys.executable,
        "-m",
        "train",
        "fit",
        manifest,
        "--run-dir",
        run.path,
        "--preset",
        preset,
        *sets,
    ]
    with reserved_port() as port:
        common = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        ranks = [
            subprocess.Popen(
                list(map(str, command)),
                env=os.environ
                | common
                | {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for rank in range(count)
        ]
        return [rank.wait(timeout=PATIENCE_S) for rank in ranks]


def losses_of(run):
    rows = map(json.loads, run.metrics.read_text().splitlines())
    return [row["loss"] for row in rows if "loss" in row]


def test_two_ranks_take_the_steps_of_one(tone_manifest, micro, tmp_path):
    alone, both = RunFolder(tmp_path / "alone"), RunFolder(tmp_path / "both")
    common = {"manifests": [tone_manifest], "preset": str(micro), "resume": False}
    ranked = {"manifest": tone_manifest, "preset": micro}
    steps = [*PLAIN, "loop.max_steps=50"]
    fit(run=alone, assignments=[*steps, "batching.most_rows=18"], **common)
    codes = train_on_ranks(2, run=both, assignments=[*steps, "batching.most_rows=9"], **ranked)
    assert codes == [0, 0]
    assert len(losses_of(alone)) == 50
    np.testing.assert_allclose(losses_of(both), losses_of(alone), rtol=1e-4)
    for name, tensor in alone.last().tensors("model.safetensors").items():
        torch.testing.assert_close(
            both.last().tensors("model.safetensors")[name], tensor, rtol=1e-2, atol=1e-3
        )
    assert json.loads((both.path / "evaluation.json").read_text())["utterances"] == 12
    assert both.last().record.ranks == 2
    with pytest.raises(InputRejected, match="trained by 2 processes, now there are 1"):
        fit(run=both, assignments=[*steps, "batching.most_rows=9"], **common | {"resume": True})


def test_a_rank_with_nothing_to_do_waits_for_the_others(make_corpus, make_tones, micro, tmp_path):
    manifest = make_corpus(make_tones(5, "train", seed=0))
    run = RunFolder(tmp_path / "run")
    small = [*PLAIN, "batching.most_rows=1", "optim.accumulate=2", "loop.max_steps=4"]
    codes = train_on_ranks(3, manifest=manifest, run=run, preset=micro, assignments=small)
    assert codes == [0, 0, 0]
    assert len(losses_of(run)) == 4
    assert np.isfinite(losses_of(run)).all()


def test_every_rank_is_refused_when_the_first_is(tone_manifest, micro, tmp_path):
    """Not only the rank that takes the lock: the others would wait for it for half an hour."""
    run = RunFolder(tmp_path / "run")
    with locked(run.path, option="--run"):
        codes = train_on_ranks(2, manifest=tone_manifest, run=run, preset=micro, assignments=[])
    assert codes == [InputRejected.exit_code] * 2
    assert [path.name for path in run.path.iterdir()] == [".lock"]


def test_torchrun_leaves_our_options_to_us():
    ours = ["fit", "m.json", "--run-dir", "x", "--preset", "base", "--set", "loop.seed=1", "--resume"]
    parsed = parse_args(["--nproc-per-node=2", "-m", "train", *ours])
    assert parsed.training_script_args == ours
    known = {option for parameter in main.commands["fit"].params for option in parameter.opts}
    assert {option for option in ours if option.startswith("--")} <= known
