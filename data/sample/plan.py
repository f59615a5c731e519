"""What the sample holds: every utterance, before anything is spoken."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from marks import add_mark
from sentences import Sentence, make_sentences, seeded
from wordlists import read_table

SEED: Final = 20_240_601
SPLITS: Final = ("train", "dev", "eval_clean")
PAUSES: Final = ("pause_zero", "pause_noise")


@dataclass(frozen=True, slots=True)
class Planned:
    """One utterance to make.

    Attributes:
        split: "train", "dev" or "eval_clean".
        number: Of the utterance in its split, from 1.
        kind: A kind of lists/counts.tsv.
        transcript: As the .trn and .txt give it.
        phrases: What is said; between two phrases there is a pause of 5 s.
        seed: Of everything random in its recording.
    """

    split: str
    number: int
    kind: str
    transcript: str
    phrases: tuple[str, ...]
    seed: int


def plan_utterances(*, scale: float = 1.0, seed: int = SEED) -> list[Planned]:
    """All utterances of the sample, in the order of the lists.

    No two utterances of different splits, or of one, have the same letters (the dropped
    short ones aside).

    Args:
        scale: Share of each kind to make, at least one where there is one: tests make few.
        seed: Of every choice.
    """
    counts = {kind: [_scaled(n, scale) for n in numbers] for kind, numbers in read_counts().items()}
    used: set[str] = set()
    dual = make_sentences(sum(counts["dual"]), table="counted_patterns", seed=seed, used=used)
    # Two for a pause: more than enough for the kinds that take their sentence from elsewhere.
    plain = make_sentences(
        sum(map(sum, counts.values())) + _num_pauses(counts), table="patterns", seed=seed + 1, used=used
    )
    seeded(seed + 2).shuffle(plain)
    sources = {
        "dual": iter(dual),
        "short": (Sentence(written, said) for written, said in read_table("short")),
        "plain": iter(plain),
    }
    planned: list[Planned] = []
    for index, split in enumerate(SPLITS):
        kinds = [kind for kind, numbers in counts.items() for _ in range(numbers[index])]
        planned += _plan_split(split, kinds, sources, seed=seed + 10 * (index + 1))
    return planned


def read_counts() -> dict[str, tuple[int, ...]]:
    """How many utterances of each kind each split holds, in the order of `SPLITS`."""
    return {kind: tuple(map(int, numbers)) for kind, *numbers, _ in read_table("counts")}


def _plan_split(
    split: str, kinds: list[str], sources: dict[str, Iterator[Sentence]], *, seed: int
) -> Iterator[Planned]:
    rng = seeded(seed)
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds, start=1):
        source = sources.get(kind, sources["plain"])
        sentences = [next(source) for _ in range(2 if kind in PAUSES else 1)]
        marked = [add_mark(kind, sentence, rng) for sentence in sentences]
        yield Planned(
            split,
            number,
            kind,
            transcript=" ".join(sentence.written for sentence in marked),
            phrases=tuple(sentence.spoken for sentence in marked),
            seed=seed * 10_000 + number,
        )


def _scaled(count: int, scale: float) -> int:
    return max(1, round(count * scale)) if count else 0


def _num_pauses(counts: dict[str, list[int]]) -> int:
    return sum(sum(counts[kind]) for kind in PAUSES)
