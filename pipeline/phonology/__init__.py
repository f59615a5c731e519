"""Text -> Hangul as pronounced -> IPA -> labels.

    settings       what Korean leaves open, decided once
    reading        numbers, Latin letters, signs and Hanja as they are read aloud
    morphemes      words and their morphemes, by g2pk's tagger
    lexicon        words whose pronunciation no rule can know; a user's own
    rules          the articles of Standard Pronunciation (표준 발음법), one function each
    form, phrase   a word by itself, and what happens where two words meet
    converter      the whole of it for one choice of settings
    ipa            pronounced Hangul -> the 41 symbols, allophones last
    romanize       the spelling in Latin letters
    labelling      the pipeline's path: texts in, labels or rejections out
    explain        the same path, told rule by rule
    tables         what a linguist reviews and extends (*.tsv)
    g2pk_parts     g2pk's junction table and English reader, without its 1.5 s of imports
    g2pk_engine    g2pk itself, offline and fast: the baseline of tests and benches

Importing this package is cheap; dictionaries are loaded by `warm_up` or on first use.
"""

from pipeline.phonology.korean.explain import Explanation, RuleCard, explain, list_rules
from pipeline.phonology.korean.ipa import ipa_of
from pipeline.phonology.labelling import (
    UnpronounceableError,
    ipa_of_pronunciation,
    label_batch,
    pronounce,
    to_ipa,
    warm_up,
)
from pipeline.phonology.settings import PhonologySettings

__all__ = [
    "Explanation",
    "PhonologySettings",
    "RuleCard",
    "UnpronounceableError",
    "explain",
    "ipa_of",
    "ipa_of_pronunciation",
    "label_batch",
    "list_rules",
    "pronounce",
    "to_ipa",
    "warm_up",
]
