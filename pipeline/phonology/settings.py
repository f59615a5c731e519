"""Settings of the phonology stage."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.contract.settings import Settings
from pipeline.phonology.user_lexicon import carried_name


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
        lexicon: Name of the user's lexicon as it lies beside the shards, or "" for none. It is never
            opened as a path: the file is found by its hash.
        lexicon_sha256: SHA-256 of the lexicon, or "".
    """

    language: Literal["ko"] = "ko"
    particle_ui: Literal["e", "ui"] = "e"
    inner_ui: Literal["i", "ui"] = "i"
    ye: Literal["e", "ye"] = "e"
    connected: bool = True
    initial_liquid: Literal["l", "ɾ"] = "l"
    lexicon: str = ""
    lexicon_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    @property
    def lexicon_file(self) -> str | None:
        """Name of the lexicon's file beside the shards; None if there is no lexicon."""
        return carried_name(self.lexicon_sha256) if self.lexicon_sha256 else None

    @model_validator(mode="after")
    def _names_and_proves(self) -> Self:
        if bool(self.lexicon) != bool(self.lexicon_sha256):
            raise ValueError("phonology.lexicon and phonology.lexicon_sha256 belong together")
        return self
