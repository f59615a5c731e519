"""Articles 9 to 14, 18 to 20 and 23: what a coda and the onset after it become.

The table is g2pk's own, repaired by `tables/coda_onset.tsv`, with the linking of articles 13 and 14.
"""

from functools import cache
from typing import Final

from pipeline.phonology.korean.g2pk_parts import CodaOnset, read_g2pk_table
from pipeline.phonology.korean.hangul import CODAS, ONSETS
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.tables import read_table
from pipeline.phonology.korean.word import Word

LINKED: Final[dict[str, tuple[str, str]]] = {
    "ㄳ": ("ㄱ", "ㅆ"), "ㄵ": ("ㄴ", "ㅈ"), "ㄶ": ("", "ㄴ"), "ㄺ": ("ㄹ", "ㄱ"), "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"), "ㄽ": ("ㄹ", "ㅆ"), "ㄾ": ("ㄹ", "ㅌ"), "ㄿ": ("ㄹ", "ㅍ"), "ㅀ": ("", "ㄹ"),
    "ㅄ": ("ㅂ", "ㅆ"), "ㅎ": ("", "ㅇ"), "ㅇ": ("ㅇ", "ㅇ"), "": ("", "ㅇ"),
}  # fmt: skip
"""Articles 12.4 and 14, before a vowel: what is left of a coda, and what moves to the onset."""


@cache
def coda_onset_table() -> dict[tuple[str, str], CodaOnset]:
    """(coda, onset) -> (coda said, onset said, article) for all 28 codas and 19 onsets."""
    table: dict[tuple[str, str], CodaOnset] = {}
    original = read_g2pk_table()
    for coda in CODAS:
        for onset in ONSETS:
            table[coda, onset] = original.get((coda, onset), (NEUTRALISED[coda], onset, "9"))
        left, moved = LINKED.get(coda, ("", coda))
        table[coda, "ㅇ"] = (left, moved, "14" if coda in LINKED else "13")
    for coda, onset, coda_said, onset_said, article, _ in read_table("coda_onset"):
        table[coda, onset] = (coda_said, onset_said, article)
    return table


def apply_coda_onset(word: Word) -> set[str]:
    """Rewrite every coda of `word` that an onset follows; returns the articles that changed something."""
    table = coda_onset_table()
    onsets, codas = word.onsets, word.codas
    fired = set()
    for index in range(1, len(word)):
        coda, onset = codas[index - 1], onsets[index]
        if coda:
            codas[index - 1], onsets[index], article = table[coda, onset]
            if codas[index - 1] != coda or onsets[index] != onset:
                fired.add(article)
    return fired
