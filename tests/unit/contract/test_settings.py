from typing import Annotated, Self

import pytest
from pydantic import Field, model_validator

from pipeline.contract.errors import InputRejected
from pipeline.contract.settings import Settings, parse_overrides, read_preset


class Silence(Settings):
    longest_s: float = 3.0
    level: Annotated[int, Field(ge=0, le=3)] = 2


class Everything(Settings):
    silence: Silence = Silence()
    names: tuple[str, ...] = ()


def test_later_tables_override_earlier_ones_key_by_key():
    settings = Everything.from_tables({"silence": {"level": 1, "longest_s": 2.0}}, {"silence": {"level": 3}})
    assert settings.silence == Silence(level=3, longest_s=2.0)


def test_a_misspelt_key_names_the_one_that_was_meant():
    meant = r"unknown setting 'silence\.longst_s'; did you mean 'silence\.longest_s'"
    with pytest.raises(InputRejected, match=meant):
        Everything.from_tables({"silence": {"longst_s": 2.0}})


def test_a_misspelt_stage_is_named_too():
    with pytest.raises(InputRejected, match="unknown setting 'silense'; did you mean 'silence'"):
        Everything.from_tables({"silense": {"level": 1}})


@pytest.mark.parametrize("value", ["2", 2.5, 7, True, {"x": 1}])
def test_a_value_of_the_wrong_type_or_range_is_named(value):
    with pytest.raises(InputRejected, match=r"setting silence\.level = "):
        Everything.from_tables({"silence": {"level": value}})


class Shares(Settings):
    valid: float = 0.0
    test: float = 0.0

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        if self.valid + self.test > 1:
            raise ValueError("valid + test must not exceed 1")
        return self


def test_values_that_do_not_fit_together_are_told_without_their_section():
    with pytest.raises(InputRejected, match=r"^valid \+ test must not exceed 1$"):
        Shares.from_tables({"valid": 0.7, "test": 0.6})


def test_overrides_are_toml_values_or_bare_words():
    table = parse_overrides(["silence.level=1", 'names=["a", "b"]', "denoise.engine=off"])
    assert table == {"silence": {"level": 1}, "names": ["a", "b"], "denoise": {"engine": "off"}}
    assert Everything.from_tables(parse_overrides(['names=["a"]'])).names == ("a",)


def test_an_override_without_a_value_is_refused():
    with pytest.raises(InputRejected, match=r"expected stage\.key=value"):
        parse_overrides(["silence.level"])


def test_the_fingerprint_changes_with_a_setting_and_only_then():
    assert Everything().fingerprint() == Everything.from_tables({"silence": {"level": 2}}).fingerprint()
    assert Everything().fingerprint() != Everything.from_tables({"silence": {"level": 1}}).fingerprint()


def test_presets_come_from_the_folder_or_from_a_path(tmp_path):
    (tmp_path / "quiet.toml").write_text("[silence]\nlevel = 3\n")
    assert read_preset("quiet", folder=tmp_path) == {"silence": {"level": 3}}
    assert read_preset(str(tmp_path / "quiet.toml"), folder=tmp_path / "none") == {"silence": {"level": 3}}
    with pytest.raises(InputRejected, match="known presets: quiet"):
        read_preset("loud", folder=tmp_path)


def test_malformed_toml_is_one_clear_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("level = = 3")
    with pytest.raises(InputRejected, match="is not TOML"):
        read_preset(str(path), folder=tmp_path / "none")
