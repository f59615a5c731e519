"""The rules of Standard Pronunciation (표준 발음법) inside a word, in the order in which they apply.

insertion   29                 ㄴ inserted at the seam of a compound
liquids     20                 ㄹ that becomes ㄴ at a seam
codas       10, 11, 15, 16, 17 codas that a morpheme decides
tensing     24-28              plain consonants that become tense
vowels      5                  ㅢ, ㅖ and ㅕ
coda_onset  9-14, 18-20, 23    any coda before any onset: g2pk's table with our repairs
rule        what a rule is
"""

from typing import Final

from pipeline.phonology.korean.rules import codas, insertion, liquids, tensing
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
    tensing.ending_after_nasal_stem,
    tensing.ending_after_liquid_stem,
    tensing.ending_in_prospective,
    tensing.sino_korean_after_l,
    tensing.numeral_before_counter,
    tensing.compound_head,
    tensing.sino_korean_suffix,
)
"""Rules that look at spelling and morphemes: after the lexicon, before vowels and codas meet onsets."""
