import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.phonology.settings import PhonologySettings
from pipeline.phonology.user_lexicon import UserLexicon
from pipeline.settings import PipelineSettings, load_settings

WITHOUT_A_LEXICON = "e78b2501aa1531c557cc0356ff4f1152a11c826f1bd086018e4f7c526d157eeb"


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("spelling\tpronunciation\n말소리\t말쏘리\n", encoding="utf-8")
    return path


def load(path: Path | str, *more: str) -> tuple[PipelineSettings, UserLexicon | None]:
    return load_settings(preset=None, overrides=(f"phonology.lexicon={path}", *more))


def test_a_lexicon_is_recorded_by_its_content_and_not_by_its_place(lexicon: Path, tmp_path: Path) -> None:
    settings, taken = load(lexicon)
    digest = sha256(lexicon.read_bytes()).hexdigest()
    assert taken == UserLexicon(lexicon.read_bytes())
    assert settings.phonology.lexicon_sha256 == digest
    assert settings.phonology.lexicon == settings.phonology.lexicon_file == f"lexicon-{digest[:16]}.tsv"
    elsewhere = shutil.copy(lexicon, tmp_path / "other name.tsv")
    assert load(elsewhere)[0] == settings
    lexicon.write_text("spelling\tpronunciation\n말소리\t말소리\n", encoding="utf-8")
    assert load(lexicon)[0].fingerprint() != settings.fingerprint()


def test_without_a_lexicon_the_fingerprint_is_what_it_was() -> None:
    settings, taken = load_settings(preset=None, overrides=())
    assert taken is None
    assert settings.phonology.lexicon_file is None
    assert settings.phonology.fingerprint() == WITHOUT_A_LEXICON


def test_a_lexicon_that_is_not_the_expected_one_is_rejected(lexicon: Path) -> None:
    with pytest.raises(InputRejected, match="not the one expected"):
        load(lexicon, f"phonology.lexicon_sha256={'0' * 64}")
    digest = sha256(lexicon.read_bytes()).hexdigest()
    assert load(lexicon, f"phonology.lexicon_sha256={digest}") == load(lexicon)


def test_a_missing_lexicon_is_rejected_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"nowhere\.tsv"):
        load(tmp_path / "nowhere.tsv")


@pytest.mark.parametrize("path", ["/etc/passwd", "/dev/zero", "pipe", "../../x", "lexicon-0.tsv"])
def test_recorded_settings_are_read_without_opening_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")

    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a path of a manifest was opened")

    for name in ("os.open", "builtins.open", "io.open"):
        monkeypatch.setattr(name, refuse)
    recorded = PhonologySettings.from_tables({"lexicon": path, "lexicon_sha256": "ab" * 32})
    assert recorded.lexicon_file == f"lexicon-{'ab' * 8}.tsv"


@pytest.mark.parametrize(
    "values",
    [{"lexicon": "x.tsv"}, {"lexicon_sha256": "0" * 64}, {"lexicon": "x.tsv", "lexicon_sha256": "../../x"},
     {"lexicon": "x.tsv", "lexicon_sha256": "A" * 64}],
)  # fmt: skip
def test_a_recorded_lexicon_has_a_name_and_a_hash(values: dict[str, str]) -> None:
    with pytest.raises(InputRejected, match="lexicon"):
        PhonologySettings.from_tables(values)
