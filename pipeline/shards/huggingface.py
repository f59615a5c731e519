"""The two small files that make a folder of shards a Hugging Face dataset.

`datasets.load_from_disk(folder)` then maps the shards as they are, without copying.
"""

import json
from pathlib import Path
from typing import Any

from pipeline.contract.files import write_text
from pipeline.contract.manifest import Manifest
from pipeline.contract.schema import huggingface_features

STATE, INFO = "state.json", "dataset_info.json"


def write_dataset_files(manifest: Manifest, folder: Path) -> None:
    """Describe the whole shards of `manifest`, which lie in `folder`, as one dataset."""
    corpora = "; ".join(f"{source.corpus.title} ({source.corpus.licence})" for source in manifest.sources)
    info = {
        "citation": "",
        "description": f"{manifest.name}: {corpora}",
        "features": huggingface_features(),
    }
    state: dict[str, Any] = {
        "_data_files": [{"filename": shard.path} for shard in manifest.shards],
        "_fingerprint": manifest.settings[0].fingerprint[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    write_text(folder / INFO, json.dumps(info, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    write_text(folder / STATE, json.dumps(state, indent=1, sort_keys=True) + "\n")


def remove_dataset_files(folder: Path) -> None:
    """Take back what `write_dataset_files` wrote."""
    for name in (STATE, INFO):
        (folder / name).unlink(missing_ok=True)
