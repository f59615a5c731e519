"""What is wrong with a document that pydantic refused, in one line: its first error."""

import difflib
from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from pipeline.contract.text import shorten


def first_problem(error: ValidationError) -> str:
    """Where a record that somebody else wrote is wrong, and how, in one short line."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    message = problem["msg"].removeprefix("Value error, ")
    place = ".".join(str(part) for part in problem["loc"])
    return f"{shorten(place)}: {shorten(message)}" if place else shorten(message)


def first_setting_problem(model: type[BaseModel], error: ValidationError) -> str:
    """Which of the user's settings is wrong: its value, or the nearest name that `model` knows."""
    problem = error.errors(include_url=False)[0]
    location = problem["loc"]
    name = ".".join(str(part) for part in location)
    if problem["type"] == "extra_forbidden":
        return f"unknown setting {name!r}; {_hint(model, location)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "value_error" and isinstance(problem["input"], dict):
        return message  # from the check of a whole section: it names the settings that do not fit
    return f"setting {name} = {problem['input']!r}: {message}"


def _hint(model: type[BaseModel], location: Sequence[int | str]) -> str:
    known = _known_keys(model, location[:-1])
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    prefix = "".join(f"{part}." for part in location[:-1])
    return f"did you mean {prefix + near[0]!r}?" if near else f"known here: {', '.join(known)}"


def _known_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return sorted(model.model_fields)
