"""Korean: Hangul as spelled -> Hangul as pronounced -> IPA.

    reading      numbers, Latin letters, signs and Hanja as they are read aloud
    morphemes    words and their morphemes, by the tagger that g2pk uses
    word         one word as its morphemes and jamo: what lexicon and rules rewrite
    lexicon      words whose pronunciation no rule can know: bundled tables and a user's own
    rules        the articles of Standard Pronunciation (표준 발음법), one function each
    phrase       words as the rules leave them, and what changes where two of them meet
    pronouncer   all of the above under one choice of settings
    ipa          pronounced Hangul -> the 41 symbols, allophones last
    rule_cards   the rules as a reader sees them, and which of them fired on a text
    hangul       syllables and their jamo; romanisation
    g2pk_parts   g2pk's table of codas and onsets, and its English reader, without g2pk's imports
    tables       what a linguist reviews and extends (*.tsv)

`pipeline.phonology.labelling` calls what is exported here. Importing this package is cheap: the
tagger, the lexicon and the tables of `rules` are loaded on first use.
"""

from pipeline.phonology.korean.hangul import romanize
from pipeline.phonology.korean.ipa import hangul_to_ipa
from pipeline.phonology.korean.lexicon import parse_lexicon
from pipeline.phonology.korean.pronouncer import pronouncer
from pipeline.phonology.korean.reading import read_aloud, unread
from pipeline.phonology.korean.rule_cards import fired_rules, korean_rules

__all__ = [
    "fired_rules",
    "hangul_to_ipa",
    "korean_rules",
    "parse_lexicon",
    "pronouncer",
    "read_aloud",
    "romanize",
    "unread",
]
