"""`malsori doctor`: whether this machine has all that the pipeline needs."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path

from pipeline.contract.cache import cache_folder, measure_cache
from pipeline.contract.errors import MissingResource
from pipeline.job.resources import default_jobs
from pipeline.job.versions import PACKAGES

NEEDED_FORMATS = ("WAV", "FLAC", "OGG", "MP3")


def examine() -> str:
    """A table of what was found.

    Raises:
        MissingResource: Something that the pipeline needs is missing; the message names all of it.
    """
    rows: list[tuple[str, str]] = []
    missing: list[str] = []
    for name, check in _checks():
        try:
            rows.append((name, check()))
        except (MissingResource, ImportError, OSError) as error:
            rows.append((name, f"MISSING: {error}"))
            missing.append(name)
    table = [f"{name:<14} {found}" for name, found in rows]
    if missing:
        raise MissingResource(f"{', '.join(missing)} cannot be used here", *table)
    return "\n".join(table)


def _checks() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "python", platform.python_version
    yield "packages", _packages
    yield "audio files", _audio_formats
    yield "dictionaries", _pronounce
    yield "cores", _cores
    yield "memory", _memory
    yield "disk", _disk
    yield "cache", _cache
    yield "trainer", _trainer


def _packages() -> str:
    return " ".join(f"{name}={metadata.version(name)}" for name in PACKAGES)


def _audio_formats() -> str:
    import soundfile

    lacking = [name for name in NEEDED_FORMATS if name not in soundfile.available_formats()]
    if lacking:
        raise MissingResource(f"{soundfile.__libsndfile_version__} cannot read {', '.join(lacking)}")
    return f"{soundfile.__libsndfile_version__} reads {' '.join(NEEDED_FORMATS)}"


def _pronounce() -> str:
    from pipeline.phonology import to_ipa

    return f"굳이 -> {' '.join(to_ipa('굳이'))}"


def _cores() -> str:
    jobs = default_jobs()
    return f"{os.cpu_count()} in the machine, {jobs + 1} for this process; default: --jobs {jobs}"


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    return f"{memory.available / 2**30:.1f} GiB free of {memory.total / 2**30:.1f}"


def _disk() -> str:
    return f"{shutil.disk_usage(Path.cwd()).free / 1e9:.0f} GB free here"


def _cache() -> str:
    files, num_bytes = measure_cache()
    content = f"{files} files, {num_bytes / 1e9:.1f} GB of URLs; delete it at any time" if files else "empty"
    return f"{cache_folder()}: {content}"


def _trainer() -> str:
    return "installed" if util.find_spec("torch") else "not installed (extra `train`; not needed here)"
