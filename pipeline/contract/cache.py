"""The folder on this machine that keeps copies of what manifests at URLs describe."""

import os
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "MALSORI_CACHE"


def cache_folder() -> Path:
    """What the environment variable MALSORI_CACHE names, or ~/.cache/malsori; it holds only copies."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "malsori")


def measure_cache() -> tuple[int, int]:
    """The number of files in the cache, and their bytes."""
    sizes = [path.lstat().st_size for path in cache_folder().rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
