"""Text -> what is said -> IPA symbols -> labels.

    settings      what a language leaves open, decided once
    labelling     the steps, one text or a batch at a time: labels, or the reason why there are none
    explanation   the same steps told to a reader: each form, and the rules that fired
    korean        how Korean is read aloud and pronounced

To add a language, write a package beside `korean` with the same few functions, give
`PhonologySettings.language` its name, and choose between the packages in `labelling`.
"""

from pipeline.phonology.explanation import Explanation, FiredRule, RuleCard
from pipeline.phonology.labelling import (
    UnpronounceableError,
    check_lexicon,
    explain,
    ipa_of,
    label_batch,
    list_rules,
    pronounce,
    to_ipa,
)
from pipeline.phonology.settings import PhonologySettings

__all__ = [
    "Explanation",
    "FiredRule",
    "PhonologySettings",
    "RuleCard",
    "UnpronounceableError",
    "check_lexicon",
    "explain",
    "ipa_of",
    "label_batch",
    "list_rules",
    "pronounce",
    "to_ipa",
]
