"""Settings of the phonology stage."""

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from pipeline.contract.settings import Settings


class PhonologySettings(Settings):
    """What Korean leaves open, decided once. The defaults suit spontaneous speech.

    Attributes:
        language: Which language the transcripts are in: "ko".
        particle_ui: How the particle 의 is said: "e" (나의 -> 나에), or "ui".
        inner_ui: How 의 is said after a word's first syllable: "i" (주의 -> 주이), or "ui".
        ye: How ㅖ is said after a consonant other than ㄹ: "e" (시계 -> 시게), or "ye".
        connected: Whether sound changes cross a space (옷 한 벌 -> 오 탄 벌). They never cross
            punctuation.
        initial_liquid: The symbol of ㄹ at the beginning of a phrase: "l", or "ɾ".
        lexicon: Path of a user's lexicon (TSV: spelling, pronunciation), or "" for none.
        lexicon_sha256: SHA-256 of that file. Filled in from the file; if given, the file must
            match it.
    """

    language: Literal["ko"] = "ko"
    particle_ui: Literal["e", "ui"] = "e"
    inner_ui: Literal["i", "ui"] = "i"
    ye: Literal["e", "ye"] = "e"
    connected: bool = True
    initial_liquid: Literal["l", "ɾ"] = "l"
    lexicon: str = ""
    lexicon_sha256: str = ""

    @model_validator(mode="before")
    @classmethod
    def _hash_lexicon(cls, values: Any) -> Any:
        if (
            not isinstance(values, dict)
            or not isinstance(values.get("lexicon"), str)
            or not values["lexicon"]
        ):
            return values
        try:
            found = hashlib.sha256(Path(values["lexicon"]).read_bytes()).hexdigest()
        except OSError as error:
            raise ValueError(f"cannot read the lexicon {values['lexicon']}: {error.strerror}") from error
        if values.get("lexicon_sha256", found) != found:
            raise ValueError(
                f"the lexicon {values['lexicon']} is not the recorded one: expected the SHA-256"
                f" {values['lexicon_sha256']}, found {found}"
            )
        return {**values, "lexicon_sha256": found}
