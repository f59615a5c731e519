"""Strict, frozen settings: read from TOML, overridden on the command line, fingerprinted."""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.contract.errors import InputRejected


class Settings(BaseModel):
    """Base of every settings model: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def fingerprint(self) -> str:
        """SHA-256 of the settings' canonical JSON: equal exactly when the settings are."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    @classmethod
    def from_tables(cls, *tables: dict[str, Any]) -> Self:
        """Settings from nested tables, the later ones overriding the earlier ones key by key.

        Raises:
            InputRejected: A key is unknown (the nearest known one is named) or a value is
                not of its type or range.
        """
        merged: dict[str, Any] = {}
        for table in tables:
            merged = _merge(merged, table)
        try:
            # Through JSON: strict validation then takes a TOML array for a tuple.
            return cls.model_validate_json(json.dumps(merged))
        except ValidationError as error:
            raise InputRejected(_first_problem(cls, error)) from error
        except TypeError as error:
            raise InputRejected(f"settings: {error}; expected TOML numbers, strings, arrays") from error


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises InputRejected when it is absent or malformed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputRejected(f"no settings file at {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRejected(f"{path} is not TOML: {error}") from error


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
    """Nested tables from `stage.key=value` assignments; a value is TOML, or else a string."""
    table: dict[str, Any] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator or not key.strip():
            raise InputRejected(f"--set {assignment!r}: expected stage.key=value")
        nested: Any = _toml_value(text.strip())
        for part in reversed(key.strip().split(".")):
            nested = {part: nested}
        table = _merge(table, nested)
    return table


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word, as a shell user types it


def _merge(base: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in update.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _first_problem(model: type[BaseModel], error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    location = problem["loc"]
    name = ".".join(str(part) for part in location)
    if problem["type"] != "extra_forbidden":
        message = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "value_error" and isinstance(problem["input"], dict):
            return message  # of a whole section's check, which names what does not fit
        return f"setting {name} = {problem['input']!r}: {message}"
    known = _known_keys(model, location[:-1])
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    prefix = "".join(f"{part}." for part in location[:-1])
    hint = f"did you mean {prefix + near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown setting {name!r}; {hint}"


def _known_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return sorted(model.model_fields)
