"""The versions that a shard's bytes depend on: packages, libraries, and our own code."""

import hashlib
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "g2pk", "hangul-romanize", "mecab-ko", "noisereduce", "numpy", "pyarrow", "python-mecab-ko-dic",
    "scipy", "soundfile", "soxr", "webrtcvad-wheels",
)  # fmt: skip

SHAPING = (
    "audio", "contract/reasons.py", "contract/schema.py", "contract/sound.py", "contract/text.py",
    "contract/vocabulary.py", "corpora",
    "job/plan.py", "job/task.py", "phonology", "record.py", "shards", "transcript",
)  # fmt: skip


def package_versions() -> dict[str, str]:
    """Name -> version of everything whose change could change a shard.

    `malsori-pipeline` is a hash of our own sources and tables, so that shards made by different
    code are never mistaken for each other.
    """
    versions = {name: metadata.version(name) for name in PACKAGES}
    versions["python"] = ".".join(platform.python_version_tuple()[:2])
    versions["malsori"] = metadata.version("malsori")
    versions["malsori-pipeline"] = source_hash()
    return versions


def source_hash() -> str:
    """16 hexadecimal digits of a SHA-256 over the sources and tables that shape a shard's bytes.

    Code that only shows, checks or distributes (commands, reports, the rest of the job) is left
    out: a change there makes no shard stale.
    """
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for part in SHAPING:
        for path in sorted([root / part] if part.endswith(".py") else (root / part).rglob("*")):
            if path.suffix in {".py", ".tsv", ".csv"}:
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
