"""The rules of Standard Pronunciation, in the order in which they apply to a word.

letters, lexicon          what is settled by name
insertion                 29      ㄴ at a seam
liquids                   20      ㄹ that becomes ㄴ at a seam
codas                     10, 11, 15, 17
stems                     24, 25, 27
tensing                   26, 28
vowels                    5
junctions                 9, 12-14, 18-20, 23 (g2pk's table and its repairs)
"""

from typing import Final

from pipeline.phonology.korean.rules import codas, insertion, liquids, stems, tensing
from pipeline.phonology.korean.rules.rule import Rule

LEXICAL_RULES: Final[tuple[Rule, ...]] = (
    codas.letter_name,
    insertion.n_insertion,
    insertion.n_insertion_in_numerals,
    liquids.liquid_suffix_after_n,
    liquids.liquid_of_loanword_after_n,
    codas.stem_in_lp,
    codas.stem_in_lk,
    codas.palatalisation,
    codas.coda_before_content,
    stems.ending_after_nasal_stem,
    stems.ending_after_liquid_stem,
    stems.ending_in_prospective,
    tensing.sino_korean_after_l,
    tensing.numeral_before_counter,
    tensing.compound_head,
    tensing.sino_korean_suffix,
)
"""Rules over spelling and morphemes, after the lexicon and before the vowels and junctions."""
