import re

from pipeline.phonology.korean.g2pk_parts import read_g2pk_table
from pipeline.phonology.korean.hangul import CODAS, ONSETS
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.rules.coda_onset import coda_onset_table
from pipeline.phonology.korean.tables import read_table

SEVEN = {"", *"ㄱㄴㄷㄹㅁㅂㅇ"}


def test_every_coda_has_an_outcome_before_every_onset() -> None:
    table = coda_onset_table()
    assert set(table) == {(coda, onset) for coda in CODAS for onset in ONSETS}
    for (_, onset), (coda_said, onset_said, article) in table.items():
        assert coda_said in SEVEN
        assert onset_said in ONSETS
        assert onset == "ㅇ" or onset_said != "ㅇ"
        assert re.fullmatch(r"\d+", article)


def test_only_the_repairs_depart_from_g2pks_table() -> None:
    repaired = {(row[0], row[1]) for row in read_table("coda_onset")}
    table = coda_onset_table()
    for pair, outcome in read_g2pk_table().items():
        if pair[1] and pair not in repaired:
            assert table[pair] == outcome, pair


def test_a_repair_repairs() -> None:
    original = read_g2pk_table()
    for coda, onset, coda_said, onset_said, *_ in read_table("coda_onset"):
        assert original.get((coda, onset), (NEUTRALISED[coda], onset, ""))[:2] != (coda_said, onset_said)


def test_plain_obstruents_are_tense_after_obstruents() -> None:
    tense = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
    for (coda, onset), (_, said, _) in coda_onset_table().items():
        if NEUTRALISED[coda] in ("ㄱ", "ㄷ", "ㅂ") and onset in tense and coda != "ㅎ":
            assert said == tense[onset], (coda, onset)


def test_no_obstruent_stands_before_a_nasal() -> None:
    for coda, onset, _ in coda_onset_table().values():
        assert not (coda in ("ㄱ", "ㄷ", "ㅂ") and onset in ("ㄴ", "ㅁ", "ㄹ"))
