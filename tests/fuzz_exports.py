"""Fuzzing targets: what we export, changed on its way, and read back as a raw corpus."""

import random
import shutil
import tempfile
from functools import cache, partial
from pathlib import Path

from fuzz_ends import Target, run_command
from fuzz_trees import preprocess_and_verify, spoken
from mutations import mutate_bytes, mutate_json, mutate_lines
from odd_files import odd_name, place_odd

from pipeline.cli import main
from pipeline.contract.files import is_regular


@cache
def _exported(target: str) -> Path:
    """A folder that `malsori export` wrote."""
    folder = Path(tempfile.mkdtemp())
    (folder / "raw").mkdir()
    (folder / "raw" / "meta.csv").write_text(
        "path,text,speaker\n" + "".join(f"{name}.wav,오늘은 날씨가 아주 좋습니다,{name}\n" for name in "abc"),
        encoding="utf-8",
    )
    for name in "abc":
        (folder / "raw" / f"{name}.wav").write_bytes(spoken(".wav"))
    assert preprocess_and_verify("table", folder, []) == "exit 0"
    run_command(main, ["export", folder / "made.json", "--to", target, "-o", folder / "exported"])
    return folder / "exported"


def read_export(target: str, seed: int, folder: Path) -> str:
    """An exported folder with up to three changes, preprocessed."""
    rng = random.Random(seed)
    root = shutil.copytree(_exported(target), folder / "raw")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for _ in range(rng.choice((0, 1, 1, 3))):
        _damage(rng.choice(files), rng)
    name = "nemo" if target == "nemo" and rng.random() < 0.7 else "auto"
    return preprocess_and_verify(name, folder, [])


def _damage(path: Path, rng: random.Random) -> None:
    if path.is_symlink() or not is_regular(path) or path.stat().st_size > 2**22:  # made odd before
        return
    match rng.randrange(4):
        case 0:
            place_odd(path, rng)
        case 1:
            place_odd(path.with_name(odd_name(rng, path.suffix)), rng)
        case 2 if path.name.endswith(".json"):
            lines = path.read_bytes().split(b"\n")
            at = rng.randrange(len(lines))
            if lines[at].startswith(b"{") and lines[at].endswith(b"}"):
                lines[at] = mutate_json(lines[at], rng)
            path.write_bytes(b"\n".join(lines))
        case _ if path.suffix in {".wav", ".flac", ".arrow"}:
            path.write_bytes(mutate_bytes(path.read_bytes(), rng, spots=[(0, 100)]))
        case _:
            path.write_bytes(mutate_lines(path.read_bytes(), rng))


TARGETS = {
    f"export to {target}": Target(partial(read_export, target), share=0.2, prepare=partial(_exported, target))
    for target in ("nemo", "hf")
}
