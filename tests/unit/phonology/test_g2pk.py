import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from g2pk_baseline import cmudict_folder

from pipeline.phonology.korean.g2pk_parts import english_to_hangul


def test_the_dictionary_is_built_once_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cmudict_folder()
    archive = folder / "corpora" / "cmudict.zip"
    assert folder.is_relative_to(tmp_path)
    with zipfile.ZipFile(archive) as built:
        lines = built.read("cmudict/cmudict").decode().splitlines()
    assert "HELLO 1 HH AH0 L OW1" in lines
    assert not any("#" in line for line in lines)
    written = archive.stat().st_mtime_ns
    assert cmudict_folder() == folder
    assert archive.stat().st_mtime_ns == written


def test_english_by_g2pk_without_nltk() -> None:
    assert english_to_hangul("umbrella") == "엄브렐러"
    assert english_to_hangul("xqzt") is None


def test_labelling_loads_neither_nltk_nor_scipy() -> None:
    program = (
        "import sys; from pipeline.phonology import pronounce; pronounce('안녕 umbrella'); "
        "print([m for m in ('nltk', 'scipy', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
