"""The two files that let Hugging Face `datasets` open a folder of shards (`load_from_disk`).

dataset_info.json   what the dataset is, and the type of every column
state.json          the shards, in order
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.contract.files import write_text
from pipeline.contract.manifest import Manifest
from pipeline.contract.schema import huggingface_features

STATE, INFO = "state.json", "dataset_info.json"


def write_dataset_files(
    folder: Path, manifest: Manifest, *, shards: Iterable[str], fingerprint: str, split: str | None = None
) -> None:
    """Describe Arrow files of `manifest` that lie in `folder` as one Hugging Face dataset.

    Args:
        shards: Names of the files, all of whose rows belong to the dataset.
        fingerprint: Changes whenever the content may; `datasets` names its caches by it.
        split: Which split they are, if all of them are one.
    """
    corpora = "; ".join(f"{source.corpus.title} ({source.corpus.licence})" for source in manifest.sources)
    info = {
        "citation": "",
        "description": f"{manifest.name}: {corpora}",
        "features": huggingface_features(),
    }
    state: dict[str, Any] = {
        "_data_files": [{"filename": name} for name in shards],
        "_fingerprint": fingerprint[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": split,
    }
    write_json(folder / INFO, info)
    write_json(folder / STATE, state)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as `datasets` reads it, the same bytes every time."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
