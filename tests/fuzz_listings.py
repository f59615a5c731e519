"""Fuzzing targets: the listings of every layout, as text."""

import random
from functools import partial
from pathlib import Path

from fuzz_ends import Target
from miniature_corpora import LISTINGS
from mutations import mutate_json, mutate_lines

from pipeline.corpora import READERS, detect_corpus
from pipeline.record import Dropped


def list_corpus(name: str, seed: int, folder: Path) -> str:
    """A corpus of which one listing was changed: listed, recognised."""
    rng = random.Random(seed)
    files = LISTINGS[name]
    damaged = rng.choice([path for path in files if files[path]])
    structured = damaged.endswith(".json") and name != "nemo" and rng.random() < 0.6
    mutate = mutate_json if structured else mutate_lines
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(mutate(content, rng) if path == damaged else content)
    try:
        for item in READERS[name].read(folder):
            _writable(item)
        return "listed"
    finally:
        detect_corpus(folder)


def _writable(item: object) -> None:
    """What is listed can be written to a shard or a dropped list: it has a form in UTF-8."""
    texts = [item.id, item.detail] if isinstance(item, Dropped) else [item.id, item.speaker, item.transcript]
    for text in texts:
        if isinstance(text, str):
            text.encode()


TARGETS = {f"corpus {name}": Target(partial(list_corpus, name)) for name in LISTINGS}
