import json

import pytest

from pipeline.corpora import READERS


def test_phonemes_shows_the_steps_in_columns(malsori):
    result = malsori("phonemes", "굳이", "같이")
    assert result.exit_code == 0
    assert [line.split("\t")[:3] for line in result.stdout.splitlines()] == [
        ["굳이", "구지", "k u dʑ i"],
        ["같이", "가치", "k ɑ tɕʰ i"],
    ]


def test_phonemes_reads_lines_from_standard_input(malsori):
    result = malsori("phonemes", "-", stdin="굳이\n\n같이\n")
    assert result.stdout == malsori("phonemes", "굳이", "같이").stdout


def test_phonemes_as_json_is_one_object_a_text(malsori):
    row = json.loads(malsori("phonemes", "--json", "굳이").stdout)
    assert row["pronunciation"] == "구지"
    assert len(row["labels"]) == len(row["ipa"].split()) == 4


def test_an_explanation_names_the_rules_that_fired_with_their_articles(malsori):
    shown = malsori("phonemes", "--explain", "할 일이 많다").stdout
    assert "pronunciation  할 리리 만타" in shown
    assert "romanisation   hal il-i manhda" in shown
    assert "n_insertion_across_words (art. 29)" in shown
    assert "article 20" in shown


def test_every_rule_is_listed_with_an_article(malsori):
    lines = malsori("phonemes", "--rules").stdout.splitlines()
    assert len(lines) > 20
    assert all(len(line.split("\t")) == 4 for line in lines)


def test_a_blank_text_is_named(malsori):
    result = malsori("phonemes", " ")
    assert result.exit_code == 3
    assert "nothing to pronounce" in result.stderr


def test_what_cannot_be_pronounced_is_named(malsori):
    result = malsori("phonemes", "ㅋㅋ 좋다")
    assert result.exit_code == 3
    assert "no reading for ㅋ" in result.stderr


@pytest.mark.parametrize("arguments", [["phonemes"], ["nonesuch"], ["verify"], ["phonemes", "--loud", "네"]])
def test_misuse_is_exit_2(malsori, arguments):
    assert malsori(*arguments).exit_code == 2


def test_corpora_lists_every_reader(malsori):
    listed = [line.split("\t")[0] for line in malsori("corpora").stdout.splitlines()]
    assert listed == list(READERS)


def test_the_doctor_finds_this_machine_well(malsori):
    result = malsori("doctor")
    assert result.exit_code == 0, result.output
    assert "굳이 -> k u dʑ i" in result.stdout
    assert "reads WAV FLAC OGG MP3" in result.stdout


def test_the_doctor_shows_where_the_cache_is_and_how_large(malsori, monkeypatch, tmp_path):
    monkeypatch.setenv("MALSORI_CACHE", str(tmp_path / "cache"))
    assert f"{tmp_path / 'cache'}: empty" in malsori("doctor").stdout
    (tmp_path / "cache" / "a").mkdir(parents=True)
    for name in ("b", "c"):
        with (tmp_path / "cache" / "a" / name).open("wb") as stream:
            stream.truncate(10**8)
    assert f"{tmp_path / 'cache'}: 2 files, 0.2 GB" in malsori("doctor").stdout


def test_the_doctor_names_what_is_missing(malsori, monkeypatch):
    import soundfile

    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    result = malsori("doctor")
    assert result.exit_code == 6
    assert "audio files cannot be used here" in result.stderr
    assert "cannot read FLAC, OGG, MP3" in result.stderr


def test_an_explanation_as_json_names_the_rules_too(malsori):
    row = json.loads(malsori("phonemes", "--json", "--explain", "할 일").stdout)
    plain = json.loads(malsori("phonemes", "--json", "할 일").stdout)
    assert plain.items() <= row.items()
    assert {rule["name"] for rule in row["rules"]} >= {"n_insertion_across_words"}
    assert {rule["article"] for rule in row["rules"]} >= {"29"}


def test_rules_as_json_are_those_of_the_list(malsori):
    rows = [json.loads(line) for line in malsori("phonemes", "--rules", "--json").stdout.splitlines()]
    listed = malsori("phonemes", "--rules").stdout.splitlines()
    assert [row["name"] for row in rows] == [line.split("\t")[0] for line in listed]


@pytest.mark.parametrize("text", ["굳이\t같이", "굳이\n같이", "굳이\u2028같이"])
def test_a_text_is_one_line_of_four_columns(malsori, text):
    result = malsori("phonemes", text)
    if result.exit_code == 0:
        (line,) = result.stdout.splitlines()
        assert line.count("\t") == 3
    else:
        assert len(result.stderr.splitlines()) == 1
