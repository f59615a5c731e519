"""Text -> Hangul as pronounced -> IPA -> labels.

    settings       what Korean leaves open, decided once
    g2pk_engine    the g2pk package, set up to be fast and offline
    hangul         syllables and their parts
    ipa            pronounced Hangul -> the 41 symbols, allophones last
    romanize       the spelling in Latin letters
    labelling      the batched path of the pipeline

Importing this package is cheap; dictionaries are loaded by `warm_up` or on first use.
"""

from pipeline.phonology.ipa import ipa_of
from pipeline.phonology.labelling import label_batch, pronounce, to_ipa, warm_up
from pipeline.phonology.settings import PhonologySettings

__all__ = ["PhonologySettings", "ipa_of", "label_batch", "pronounce", "to_ipa", "warm_up"]
