from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.contract.errors import InputRejected
from pipeline.phonology.settings import PhonologySettings


def test_the_lexicon_hash_is_filled_in_and_changes_the_fingerprint(tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("spelling\tpronunciation\n말소리\t말쏘리\n", encoding="utf-8")
    settings = PhonologySettings.from_tables({"lexicon": str(lexicon)})
    assert settings.lexicon_sha256 == sha256(lexicon.read_bytes()).hexdigest()
    lexicon.write_text("spelling\tpronunciation\n말소리\t말소리\n", encoding="utf-8")
    assert PhonologySettings.from_tables({"lexicon": str(lexicon)}).fingerprint() != settings.fingerprint()


def test_settings_read_back_from_a_record_are_equal(tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("spelling\tpronunciation\n", encoding="utf-8")
    settings = PhonologySettings(lexicon=str(lexicon))
    assert PhonologySettings.from_tables(settings.model_dump()) == settings


def test_a_lexicon_that_is_not_the_recorded_one_is_rejected(tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("spelling\tpronunciation\n", encoding="utf-8")
    with pytest.raises(InputRejected, match="not the recorded one"):
        PhonologySettings.from_tables({"lexicon": str(lexicon), "lexicon_sha256": "0" * 64})


def test_a_missing_lexicon_is_rejected_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"nowhere\.tsv"):
        PhonologySettings.from_tables({"lexicon": str(tmp_path / "nowhere.tsv")})
