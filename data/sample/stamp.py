"""What the sample was made by, kept in it: the same makers need not make it again."""

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pipeline.contract.vocabulary
import pipeline.phonology

NAME: Final = "MADE_BY.json"
PACKAGES: Final = ("espeakng-loader", "g2pk", "mecab-ko", "numpy", "python-mecab-ko-dic", "soxr")


def makers() -> dict[str, Any]:
    """Everything that decides the sample's bytes: sources, packages, platform.

    The phonology is one of them: the labels come from it, and what is said must follow them.
    """
    return {
        "sources": _sources_sha256(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
    }


def write_stamp(root: Path) -> None:
    """Write the stamp into a corpus that is otherwise complete."""
    content = {"made_by": makers(), **_size(root)}
    (root / NAME).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def is_stamped(root: Path) -> bool:
    """Whether `root` was made by this generator, in whatever version."""
    return (root / NAME).is_file()


def is_current(root: Path) -> bool:
    """Whether `root` was made by these sources and packages and still has all its files."""
    try:
        content = json.loads((root / NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return bool(content == {"made_by": makers(), **_size(root)})


def _size(root: Path) -> dict[str, int]:
    sizes = [path.stat().st_size for path in root.rglob("*") if path.is_file() and path.name != NAME]
    return {"files": len(sizes), "bytes": sum(sizes)}


def _sources_sha256() -> str:
    here = Path(__file__).parent
    phonology = Path(pipeline.phonology.__file__).parent
    sources = [
        *sorted(here.glob("*.py")),
        *sorted(here.glob("lists/*.tsv")),
        *sorted(path for path in phonology.rglob("*") if path.suffix in (".py", ".tsv", ".csv")),
        Path(pipeline.contract.vocabulary.__file__),
    ]
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
