"""The device that a program runs on, and the seeds of its random choices."""

import os

import numpy as np
import torch

from pipeline.contract.errors import InputRejected


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


def seed_of(seed: int, *keys: int) -> int:
    """A seed for one purpose: the same for the same keys, unrelated for others.

    Seeding every step by its number makes a resumed run draw what the uninterrupted one
    drew, with no generator's state to save.
    """
    return int(np.random.SeedSequence([seed, *keys]).generate_state(1, np.uint64)[0] >> 1)
