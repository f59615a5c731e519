import pytest
from handoff_data import Person, write_dataset
from small_corpus import manifest_content, rows_by_id

from pipeline.contract.errors import InputRejected
from pipeline.contract.opened import open_manifest
from pipeline.dataset.dropped import read_dropped
from pipeline.dataset.filter import COLUMNS, MAX_EXPRESSION, parse_expression

PEOPLE = [Person("a", 5), Person("b", 3, "valid"), Person(None, 2, "valid")]


@pytest.fixture(scope="module")
def radio(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("radio"), "radio", PEOPLE)


def select(malsori, manifest, expression, output):
    return malsori("filter", "-o", output, "--", manifest, expression)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("0.1 < duration_s <= 0.12", lambda row: 1600 < row["num_samples"] <= 1920),
        ("noise_floor_db < -20", lambda _: True),
        ("speaker == None", lambda row: row["speaker"] is None),
        ("speaker != None", lambda row: row["speaker"] is not None),
        ("speaker > 'radio/a'", lambda row: row["speaker"] == "radio/b"),
        ("speaker in ['radio/a', None]", lambda row: row["speaker"] in {"radio/a", None}),
        ("speaker not in ('radio/a',)", lambda row: row["speaker"] != "radio/a"),
        ("'a' in speaker", lambda row: row["speaker"] is not None and "a" in row["speaker"]),
        ("text in spoken", lambda _: True),
        ("speaker in id", lambda row: row["speaker"] is not None),
        ("num_phones in [2, 4.0]", lambda row: len(row["labels"]) in {2, 4}),
        ("num_phones == 2 or num_phones == 3", lambda row: len(row["labels"]) in {2, 3}),
        ("num_phones == num_phones", lambda _: True),
        ("peak > 1e999", lambda _: False),
        (f"num_samples < {10**400}", lambda _: True),
        (f"num_samples > -{10**400}", lambda _: True),
    ],
)
def test_what_the_laws_do_not_generate(radio, malsori, tmp_path, expression, holds):
    output = tmp_path / "some.json"
    result = select(malsori, radio, expression, output)
    assert result.exit_code == 0, result.output
    rows = rows_by_id(radio)
    expected = {name for name, row in rows.items() if holds(row)}
    assert set(rows_by_id(output)) == expected
    counts = manifest_content(output)["counts"]
    assert (counts["read"], counts["kept"]) == (10, len(expected))
    assert counts["dropped"].get("filtered", 0) == 10 - len(expected)
    assert malsori("verify", output, "--deep").exit_code == 0


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')", "__import__('os').system('true') == 0", "text.__class__ == 1", "text[0] == 'a'",
        "(lambda: 1)() == 1", "[row for row in text] == 1", "{'a': 1} == text", "f'{text}' == text",
        "duration_s := 1", "duration_s + 1 > 2", "-duration_s < 0", "duration_s ** 999999999 > 1",
        "text * 99999999999 == text", "...", "b'a' == text", "1j == duration_s", "True", "duration_s == True",
        "duration_s", "1", "'a'", "", " ", "#", "duration_s >", "duration_s > 1; 1", "import os",
        "duration_s is None", "speaker is not None", "await text", "yield", "print(text)", "exec('1')",
        "num_phones == [1, 2]", "[1, 2, 3] == num_phones", "duration_s in [num_phones]", "1 in [1]", "1 < 2",
        "'a' < 'b'", "None == None", "None in [None]", "duration_s < None", "text < None", "text < 5",
        "duration_s == '1'", "text == 1", "1 in text", "text in [1]", "num_phones in ['a']",
        "num_phones in id", "num_phones in [1, 'a']", "text in [['a']]", "'a' in duration_s",
        "'a' in 'abc'", "id if text else id", "\x00", "text == '\x00", "text == '\\x'",
        "\ud800 == text", "(" * 300 + ")" * 300,
        "not " * 480 + "peak < 1", "-" * 1_900 + "1 < peak", "text" + ".a" * 900, "(" * 150 + "1" + ")" * 150,
        "[" * 90 + "]" * 90, "peak < 1 and (" * 60 + "peak < 1" + ")" * 60, "peak < 1" * 10_000, "x" * 10**6,
    ],
)  # fmt: skip
def test_what_is_no_comparison_is_refused_and_never_run(radio, malsori, tmp_path, expression):
    result = select(malsori, radio, expression, tmp_path / "some.json")
    assert result.exit_code == 3, result.output
    assert result.stderr.startswith("error: ")
    assert len(result.stderr) < 6_000
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_column_is_named_and_the_known_ones_listed(radio, malsori, tmp_path):
    result = select(malsori, radio, "duration < 15", tmp_path / "some.json")
    assert result.exit_code == 3
    assert "no column 'duration'" in result.stderr
    assert all(column in result.stderr for column in COLUMNS)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_can_be_named(radio, malsori, tmp_path, column):
    result = select(malsori, radio, f"{column} == {column}", tmp_path / "some.json")
    assert result.exit_code == 0, result.output


def test_the_dropped_list_says_why(radio, malsori, tmp_path):
    select(malsori, radio, "num_phones > 2", tmp_path / "some.json")
    lines = list(read_dropped(open_manifest(tmp_path / "some.json")))
    assert {(line.stage, line.reason, line.detail) for line in lines} == {
        ("filter", "filtered", "not: num_phones > 2")
    }
    assert manifest_content(tmp_path / "some.json")["history"] == ["filtered by num_phones > 2"]


def test_a_filter_of_a_filter_keeps_both_in_sight(radio, malsori, tmp_path):
    select(malsori, radio, "num_phones > 2", tmp_path / "some.json")
    select(malsori, tmp_path / "some.json", "split == 'train'", tmp_path / "fewer.json")
    content = manifest_content(tmp_path / "fewer.json")
    assert content["history"] == ["filtered by num_phones > 2", "filtered by split == 'train'"]
    assert content["counts"]["read"] == 10
    assert malsori("verify", tmp_path / "fewer.json", "--deep").exit_code == 0


def test_nothing_left_is_a_manifest_of_nothing(radio, malsori, tmp_path):
    assert select(malsori, radio, "peak > 5", tmp_path / "none.json").exit_code == 0
    content = manifest_content(tmp_path / "none.json")
    assert (content["shards"], content["counts"]["kept"]) == ([], 0)
    assert malsori("verify", tmp_path / "none.json", "--deep").exit_code == 0


def test_the_limits_of_an_expression():
    parse_expression("peak < 1" + " " * (MAX_EXPRESSION - 8))
    with pytest.raises(InputRejected, match=f"at most {MAX_EXPRESSION} are read"):
        parse_expression("peak < 1" + " " * (MAX_EXPRESSION - 7))
    with pytest.raises(InputRejected, match="nested over 50 levels"):
        parse_expression("not " * 50 + "peak < 1")
    parse_expression(" or ".join(["peak < 1"] * 100))


def test_a_view_that_nobody_could_read_is_not_written(radio, malsori, tmp_path, monkeypatch):
    text = radio.read_text()
    values = sum(map(text.count, ",[{"))
    monkeypatch.setattr("pipeline.contract.manifest_file.MAX_VALUES", values)
    result = select(malsori, radio, "num_phones > 2", tmp_path / "some.json")
    assert result.exit_code == 3
    assert f"would have over {values} values" in result.stderr
    assert not (tmp_path / "some.json").exists()
