"""The device that a program runs on, and the seeds of its random choices."""

import os
import shutil
import sys

import numpy as np
import torch

from pipeline.contract.errors import InputRejected, MissingResource


def pick_device(name: str) -> torch.device:
    """The device of a name: `auto` is the GPU where there is one.

    Raises:
        InputRejected: A GPU is asked for where there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputRejected("loop.device = 'cuda', but torch finds no GPU; use 'auto' or 'cpu'")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return torch.device(name)
    return torch.device(name, int(os.environ.get("LOCAL_RANK", "0")))  # torchrun sets it


def require_compiler(device: torch.device) -> None:
    """Check that `torch.compile` will find the compiler that it calls.

    For a CPU that is a C++ compiler, for a GPU the C compiler that Triton builds its launchers with.

    Raises:
        MissingResource: There is none.
    """
    if device.type == "cuda":
        variable, usual = "CC", ["gcc", "clang"]
    else:
        variable, usual = "CXX", ["clang++" if sys.platform == "darwin" else "g++"]
    compilers = [os.environ[variable]] if os.environ.get(variable) else usual
    if not any(map(shutil.which, compilers)):
        raise MissingResource(
            f"loop.compile = true needs a compiler, and {' or '.join(compilers)} is not on the path:"
            f" install one, name another in {variable}, or train with --set loop.compile=false"
        )


def seed_of(seed: int, *keys: int) -> int:
    """A seed for one purpose: the same for the same keys, unrelated for others.

    Seeding every step by its number makes a resumed run draw what the uninterrupted one
    drew, with no generator's state to save.
    """
    return int(np.random.SeedSequence([seed, *keys]).generate_state(1, np.uint64)[0] >> 1)
