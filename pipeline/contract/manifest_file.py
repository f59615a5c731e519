"""Reading and writing a manifest.

What is read may have been written by anyone: reading is strict, takes bounded memory and ends in
a manifest or a clear error.
"""

import errno
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.contract import CONTRACT_VERSIONS
from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.files import open_regular
from pipeline.contract.manifest import Manifest, SpeakerRecord
from pipeline.contract.text import shorten
from pipeline.contract.validation import first_problem

MAX_MANIFEST_BYTES = 64 * 2**20
MAX_VALUES = 3_000_000
"""JSON values of any kind. Reading that many takes 690 MB at worst (tests/bench/fuzz.md). A random
half of three million utterances takes 2.3 million."""

MAX_KEYS = 1_000  # in one object: a million unknown keys would be a million errors to list
MAX_SPEAKERS = 300_000


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest; it is untrusted input.

    Raises:
        InputRejected: There is no such file, or it is not a manifest.
        HandOffBroken: It has another contract version, or its parts contradict each other.
    """
    version, text = _read_json(path)
    if version is None:
        raise InputRejected(f"{path} is not a manifest: it has no contract_version")
    if type(version) is not int or version not in CONTRACT_VERSIONS:  # True == 1.0 == 1
        known = " and ".join(map(str, CONTRACT_VERSIONS))
        shown = shorten(repr(version)) if isinstance(version, int | str) else f"a {type(version).__name__}"
        raise HandOffBroken(
            f"{path} has contract version {shown}, this malsori reads {known}:"
            " make the manifest again, or install the malsori that wrote it"
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        problem = first_problem(error)
        if "recursion limit" in problem:  # Python 3.14's json reads on where earlier ones give up
            raise InputRejected(f"{path} is not a manifest (JSON): nested too deeply") from error
        raise HandOffBroken(f"{path}: {problem}") from error


def manifest_text(path: Path, manifest: Manifest) -> str:
    """The content of a manifest that is to be written to `path`.

    Raises:
        InputRejected: `read_manifest` would not accept it.
    """
    text = manifest.to_json()
    excess = _find_excess(text.encode())
    if excess is not None:
        raise InputRejected(
            f"{path} would have {excess}, too large to be read back: it selects too many separate ranges of"
            " rows; preprocess only what is wanted, or filter in several steps"
        )
    try:
        _parse(text)
    except ValueError as error:
        raise InputRejected(
            f"{path} would hold {error}, too large to be read back: keep several smaller datasets, which"
            " `fit` takes together"
        ) from error
    return text


def _read_json(path: Path) -> tuple[Any, str]:
    """The contract version, and the whole content as strict JSON without repeated keys."""
    try:
        with open_regular(path) as stream:
            raw = stream.read(MAX_MANIFEST_BYTES + 1)
        excess = _find_excess(raw)
        if excess is not None:
            raise InputRejected(f"{path} has {excess}, more than a manifest may have")
        content = _parse(raw)
        version = content.get("contract_version") if isinstance(content, dict) else None
        return version, json.dumps(content)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputRejected(f"no manifest at {path}; `malsori preprocess` writes one") from error
    except IsADirectoryError as error:
        raise InputRejected(f"{path} is a folder; give the manifest, a .json file") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise InputRejected(f"{path} is not a manifest: it {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputRejected(f"{path} is not a manifest (JSON): {shorten(str(error))}") from error


def _parse(raw: bytes | str) -> Any:
    return json.loads(raw, object_pairs_hook=_as_object, parse_float=_finite, parse_constant=_finite)


def _find_excess(raw: bytes) -> str | None:
    """Which limit a manifest's text exceeds, counted without parsing it; None if none."""
    if len(raw) > MAX_MANIFEST_BYTES:
        return f"over {MAX_MANIFEST_BYTES:,} bytes"
    if sum(map(raw.count, (b",", b"[", b"{"))) > MAX_VALUES:
        return f"over {MAX_VALUES:,} values"
    return None


def _as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without repeated keys, and without many keys unless they are speakers."""
    content = dict(pairs)
    if len(content) > MAX_KEYS and (len(content) > MAX_SPEAKERS or not _are_speakers(content)):
        raise ValueError(f"an object of {len(content)} keys")
    if len(content) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise ValueError(f"the key {shorten(counts.most_common(1)[0][0])!r} occurs twice")
    return content


def _are_speakers(content: dict[str, Any]) -> bool:
    keys = SpeakerRecord.model_fields.keys()
    return all(isinstance(value, dict) and value.keys() == keys for value in content.values())


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{shorten(text)} is not a finite number")
    return number
