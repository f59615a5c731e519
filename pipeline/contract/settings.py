"""Strict, frozen settings: read from TOML, overridden on the command line, fingerprinted."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.contract.errors import InputRejected
from pipeline.contract.files import read_regular
from pipeline.contract.text import shorten
from pipeline.contract.validation import first_setting_problem

MOST_BYTES = 2**20
DEEPEST = 10  # tables within tables


class Settings(BaseModel):
    """Base of every settings model: immutable, no unknown keys, no silent conversions.

    No number is infinite or NaN: JSON has neither, so a record that held one could not be read back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def fingerprint(self) -> str:
        """A SHA-256 that is equal exactly when the settings are."""
        return fingerprint_values(self.model_dump(mode="json"))

    @classmethod
    def from_tables(cls, *tables: dict[str, Any]) -> Self:
        """Settings from nested tables, the later ones overriding the earlier ones key by key.

        Raises:
            InputRejected: A key is unknown (the nearest known one is named), or a value has
                the wrong type or range.
        """
        try:
            # Through JSON: strict validation then takes a TOML array for a tuple.
            return cls.model_validate_json(json.dumps(merge_tables(*tables)))
        except ValidationError as error:
            raise InputRejected(first_setting_problem(cls, error)) from error
        except TypeError as error:
            raise InputRejected(f"settings: {error}; expected TOML numbers, strings, arrays") from error
        except RecursionError as error:
            raise InputRejected("settings: nested too deeply; expected stage.key=value") from error


def fingerprint_values(values: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of settings: sorted keys, no ASCII escapes."""
    content = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises InputRejected if it is missing, too large or malformed."""
    try:
        return tomllib.loads(read_regular(path, most_bytes=MOST_BYTES).decode())
    except FileNotFoundError as error:
        raise InputRejected(f"no settings file at {path}") from error
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError is one, and so is a number too long
        raise InputRejected(f"{path} is not TOML: {shorten(str(error))}") from error
    except OSError as error:
        raise InputRejected(f"the settings file {path} cannot be read: {error.strerror}") from error


def read_preset(name: str, *, folder: Path) -> dict[str, Any]:
    """The tables of a bundled preset by name, or of a TOML file by path."""
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name in known:
        return read_toml(known[name])
    if name.endswith(".toml"):
        return read_toml(Path(name))
    raise InputRejected(
        f"no preset {name!r}; known presets: {', '.join(known)}; or give the path of a .toml file"
    )


def parse_overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """Nested tables from `stage.key=value` assignments; a value that is not TOML is a string."""
    table: dict[str, Any] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator or not key.strip():
            raise InputRejected(f"--set {assignment!r}: expected stage.key=value")
        parts = key.strip().split(".")
        if len(parts) > DEEPEST:
            raise InputRejected(f"--set {shorten(assignment)!r}: expected stage.key=value")
        nested: Any = _toml_value(text.strip())
        for part in reversed(parts):
            nested = {part: nested}
        table = _merge(table, nested)
    return table


def merge_tables(*tables: dict[str, Any]) -> dict[str, Any]:
    """Nested tables as one, the later ones overriding the earlier ones key by key."""
    merged: dict[str, Any] = {}
    for table in tables:
        merged = _merge(merged, table)
    return merged


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text  # a bare word, as people type it in a shell; or what is no value of any setting


def _merge(base: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in update.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
