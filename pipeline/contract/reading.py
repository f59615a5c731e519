"""Reading a manifest that somebody else wrote: strict, bounded, never a crash."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.contract import CONTRACT_VERSION
from pipeline.contract.errors import HandOffBroken, InputRejected
from pipeline.contract.manifest import MAX_MANIFEST_BYTES, Manifest, SpeakerRecord, find_excess
from pipeline.contract.text import shorten

MAX_KEYS = 1_000  # of one object: a million unknown ones would be a million faults to name
MAX_SPEAKERS = 300_000


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest; it is untrusted input.

    Raises:
        InputRejected: There is no such file, or it is not a manifest.
        HandOffBroken: It is of another contract version, or its parts contradict each other.
    """
    version, text = _read_json(path)
    if version is None:
        raise InputRejected(f"{path} is not a manifest: it has no contract_version")
    if type(version) is not int or version != CONTRACT_VERSION:  # True == 1.0 == 1
        shown = shorten(repr(version)) if isinstance(version, int | str) else f"a {type(version).__name__}"
        raise HandOffBroken(
            f"{path} has contract version {shown}, this malsori reads {CONTRACT_VERSION}:"
            " make the manifest again, or install the malsori that wrote it"
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        problem = first_problem(error)
        if "recursion limit" in problem:  # Python 3.14's json reads on where earlier ones give up
            raise InputRejected(f"{path} is not a manifest (JSON): nested too deeply") from error
        raise HandOffBroken(f"{path}: {problem}") from error


def first_problem(error: ValidationError) -> str:
    """Where a record is wrong, and how, in one short line."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    message = problem["msg"].removeprefix("Value error, ")
    place = ".".join(str(part) for part in problem["loc"])
    return f"{shorten(place)}: {shorten(message)}" if place else shorten(message)


def _read_json(path: Path) -> tuple[Any, str]:
    """The contract version, and the whole content as strict JSON without repeated keys."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_MANIFEST_BYTES + 1)
        excess = find_excess(raw)
        if excess is not None:
            raise InputRejected(f"{path} has {excess}, more than a manifest has")
        content = json.loads(raw, object_pairs_hook=_as_object, parse_float=_finite, parse_constant=_finite)
        version = content.get("contract_version") if isinstance(content, dict) else None
        return version, json.dumps(content)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputRejected(f"no manifest at {path}; `malsori preprocess` writes one") from error
    except IsADirectoryError as error:
        raise InputRejected(f"{path} is a folder; give the manifest, a .json file") from error
    except (ValueError, RecursionError) as error:
        raise InputRejected(f"{path} is not a manifest (JSON): {shorten(str(error))}") from error


def _as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as manifests have them: no key twice, and not many keys unless they are speakers."""
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
        raise ValueError(f"{shorten(text)} is no finite number")
    return number
