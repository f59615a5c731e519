"""The rules of the house that no linter knows: one word means one thing, and the map shows every room."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [name for name in ("pipeline", "train", "feedback") if (ROOT / name / "__init__.py").is_file()]
FOLDERS = sorted({path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")})
MAX_LINES = 300

SHARED_NAMES = {"main": "", "list_utterances": "pipeline/corpora/", "detect": "pipeline/corpora/"}
"""Public functions that several modules below a path may define, and each means the same by.

`main` starts a program. Every reader of a corpus lists its utterances and detects its layout.
"""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the programs: its path from the root, and its syntax tree."""
    for name in PACKAGES:
        for path in sorted((ROOT / name).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def repeated(places: Iterable[tuple[str, str]]) -> list[str]:
    """The names of (name, place) pairs that occur in several places, one line each."""
    found = defaultdict(set)
    for name, place in places:
        found[name].add(place)
    return [f"{name}: {', '.join(sorted(found[name]))}" for name in sorted(found) if len(found[name]) > 1]


def test_no_class_name_has_two_meanings():
    classes = [
        (node.name, f"{path}:{node.lineno}")
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    twice = repeated(classes)
    assert not twice, "classes of one name; rename all but one:\n" + "\n".join(twice)


def test_no_public_function_name_has_two_meanings():
    functions = []
    for path, tree in modules():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                shared = SHARED_NAMES.get(node.name)
                one_meaning = shared is not None and path.startswith(shared)
                functions.append((node.name, f"{shared}*" if one_meaning else path))
    twice = repeated(functions)
    assert not twice, "functions of one name; rename all but one:\n" + "\n".join(twice)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_package_names_its_modules(folder):
    door = folder / "__init__.py"
    assert door.is_file(), f"{folder.relative_to(ROOT)} has modules and no __init__.py"
    text = ast.get_docstring(ast.parse(door.read_text(encoding="utf-8"))) or ""
    rooms = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    rooms |= {inner.name for inner in FOLDERS if inner.parent == folder}
    unnamed = sorted(room for room in rooms if not re.search(rf"\b{room}\b", text))
    assert not unnamed, f"the docstring of {door.relative_to(ROOT)} says nothing of: {', '.join(unnamed)}"


def test_no_file_is_longer_than_one_idea():
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path, _ in modules()}
    long = [f"{path}: {lines} lines" for path, lines in lengths.items() if lines > MAX_LINES]
    assert not long, f"files of over {MAX_LINES} lines; which two things are they?\n" + "\n".join(long)


def test_files_that_a_text_names_are_there():
    """In the README, the notes on benchmarks and every docstring; `mycorpus` is the README's example."""
    texts = [ROOT / "README.md", *(ROOT / "tests").rglob("*.md"), *(ROOT / "tests").rglob("*.py")]
    texts += [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.suffix in {".py", ".md"}]
    named = re.compile(r"\b(?:pipeline|train|feedback|tests|data/sample)/[\w/*-]+\.(?:py|md|toml|tsv)\b")
    missing = [
        f"{text.relative_to(ROOT)} names {path}"
        for text in sorted(texts)
        for path in sorted(set(named.findall(text.read_text(encoding="utf-8"))))
        if "mycorpus" not in path and not any(ROOT.glob(path))
    ]
    assert not missing, "files that were moved or are gone:\n" + "\n".join(missing)
