"""Articles 9 to 14, 18 to 20 and 23: what becomes of a coda and the onset after it.

g2pk's own table, repaired by `tables/junctions.tsv`, and the linking of articles 13 and 14.
"""

from functools import cache
from typing import Final

from pipeline.phonology.korean.g2pk_parts import Junction, junction_table
from pipeline.phonology.korean.hangul import CODAS, ONSETS
from pipeline.phonology.korean.ipa import NEUTRALISED
from pipeline.phonology.korean.tables import read_table
from pipeline.phonology.korean.word import Word

LINKED: Final[dict[str, tuple[str, str]]] = {
    "ㄳ": ("ㄱ", "ㅆ"), "ㄵ": ("ㄴ", "ㅈ"), "ㄶ": ("", "ㄴ"), "ㄺ": ("ㄹ", "ㄱ"), "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"), "ㄽ": ("ㄹ", "ㅆ"), "ㄾ": ("ㄹ", "ㅌ"), "ㄿ": ("ㄹ", "ㅍ"), "ㅀ": ("", "ㄹ"),
    "ㅄ": ("ㅂ", "ㅆ"), "ㅎ": ("", "ㅇ"), "ㅇ": ("ㅇ", "ㅇ"), "": ("", "ㅇ"),
}  # fmt: skip
"""Articles 12.4 and 14: what is left of a coda, and what links, before a vowel."""


@cache
def junctions() -> dict[tuple[str, str], Junction]:
    """(coda, onset) -> (coda said, onset said, article), complete: 28 codas by 19 onsets."""
    table: dict[tuple[str, str], Junction] = {}
    original = junction_table()
    for coda in CODAS:
        for onset in ONSETS:
            table[coda, onset] = original.get((coda, onset), (NEUTRALISED[coda], onset, "9"))
        left, moved = LINKED.get(coda, ("", coda))
        table[coda, "ㅇ"] = (left, moved, "14" if coda in LINKED else "13")
    for coda, onset, coda_said, onset_said, article, _ in read_table("junctions"):
        table[coda, onset] = (coda_said, onset_said, article)
    return table


def apply_junctions(word: Word) -> set[str]:
    """Rewrite every junction inside `word`, but not its last coda; the articles that applied."""
    table = junctions()
    onsets, codas = word.onsets, word.codas
    fired = set()
    for index in range(1, len(word)):
        coda, onset = codas[index - 1], onsets[index]
        if coda:
            codas[index - 1], onsets[index], article = table[coda, onset]
            if codas[index - 1] != coda or onsets[index] != onset:
                fired.add(article)
    return fired
