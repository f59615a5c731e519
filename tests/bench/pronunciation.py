"""Words pronounced exactly: malsori beside g2pk, and epitran and ko_pron where they are installed.

    python tests/bench/pronunciation.py [words.tsv ...]

A table of words has the columns article, spelling, pronunciation (alternatives joined by "/"); the
default is the project's own golden file. Phones are compared without their allophones,
which most engines do not write. Engines that are not installed are named and left out:
`uv pip install epitran ko_pron` beside malsori's own dependencies.
"""

import importlib
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

from g2pk_baseline import load_g2pk

from pipeline.phonology import ipa_of, pronounce

GOLDEN = Path(__file__).parents[1] / "golden" / "pronunciation_words.tsv"
FOLDED = {"b": "p", "d": "t", "ɡ": "k", "dʑ": "tɕ", "ɾ": "l"}

Phones = list[str]
Engine = Callable[[str], Phones]


def folded(pronunciation: str) -> Phones:
    """Phonemes of a pronunciation in Hangul."""
    return [FOLDED.get(phone, phone) for phone in ipa_of(pronunciation)]


# --- other engines' IPA in our symbols ------------------------------------------------------------

TENSE = "\u0348"
FOREIGN = {
    **{plain + TENSE: plain + "*" for plain in ("p", "t", "k", "s", "tɕ")},
    **{plain + "ʰ": plain + "ʰ" for plain in ("p", "t", "k", "tɕ")},
    "ɕ" + TENSE: "s*", "sʰ": "s", "ɕʰ": "s", "ɕ": "s", "s": "s", "dʑ": "tɕ", "tɕ": "tɕ",
    "b": "p", "d": "t", "ɡ": "k", "g": "k", "p": "p", "t": "t", "k": "k",
    "m": "m", "n": "n", "ɲ": "n", "ŋ": "ŋ",
    "l": "l", "ɭ": "l", "ʎ": "l", "ɾ": "l", "r": "l", "h": "h", "ɦ": "h", "x": "h", "ɣ": "h",
    "ɸ": "h", "β": "h", "ʝ": "h", "a": "ɑ", "ɑ": "ɑ", "e": "ɛ", "ɛ": "ɛ", "i": "i", "o": "o", "u": "u",
    "ʌ": "ʌ", "ɯ": "ɯ", "ø": "wɛ", "y": "wi", "ɥi": "wi", "ɰi": "ɰi",
    **{f"{glide}{a}": f"{glide}{b}" for glide in "jw" for a, b in
       (("a", "ɑ"), ("ɑ", "ɑ"), ("e", "ɛ"), ("ɛ", "ɛ"), ("ʌ", "ʌ"), ("o", "o"), ("u", "u"), ("i", "i"))},
}  # fmt: skip
TOKEN = re.compile("|".join(sorted(map(re.escape, FOREIGN), key=len, reverse=True)))


def from_ipa(text: str) -> Phones:
    """Another engine's IPA (its first variant) as folded phones; diacritics other than tense dropped."""
    text = text.partition("]")[0].replace("\u0361", "").replace("t" + TENSE + "ɕ", "tɕ" + TENSE)
    text = text.replace("ç", "h")  # before it falls apart into c and a cedilla
    kept = "".join(
        c for c in unicodedata.normalize("NFD", text) if c == TENSE or not unicodedata.combining(c)
    ).replace("\u031a", "")
    phones = " ".join(FOREIGN[token] for token in TOKEN.findall(kept))
    return re.sub(r"\b(p|t|k|tɕ) h\b", r"\1ʰ", phones).split()  # a stop and h are one phone in Korean


def engines() -> dict[str, Engine]:
    """The engines that are installed, malsori first."""
    g2pk = load_g2pk()
    found: dict[str, Engine] = {
        "malsori": lambda text: folded(pronounce(text)),
        "g2pk": lambda text: folded(g2pk(text)),
    }
    for name, load in (("epitran", _epitran), ("ko_pron", _ko_pron)):
        try:
            found[name] = load()
        except ImportError:
            print(f"{name} is not installed: left out")
    return found


def _epitran() -> Engine:
    transliterate = importlib.import_module("epitran").Epitran("kor-Hang").transliterate
    return lambda text: from_ipa(transliterate(text))


def _ko_pron() -> Engine:
    romanise = importlib.import_module("ko_pron").romanise

    def pronounce_or_nothing(text: str) -> Phones:
        try:
            return from_ipa(romanise(text, "ipa"))
        except (IndexError, KeyError):  # its own failures, on digits for one: an empty answer
            return []

    return pronounce_or_nothing


# --- scores ---------------------------------------------------------------------------------------


def distance(reference: Phones, hypothesis: Phones) -> int:
    """Levenshtein distance."""
    row = list(range(len(hypothesis) + 1))
    for i, phone in enumerate(reference, start=1):
        previous, row = row, [i]
        for j, other in enumerate(hypothesis, start=1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (phone != other)))
    return row[-1]


def score(engine: Engine, rows: list[list[str]]) -> tuple[int, float]:
    """Words exactly right, and the phone error rate in percent."""
    exact = errors = phones = 0
    for _, spelling, said, *_ in rows:
        got = engine(spelling)
        error, length = min((distance(folded(v), got), len(folded(v))) for v in said.split("/"))
        exact += error == 0
        errors += error
        phones += length
    return exact, 100 * errors / phones


def main() -> None:
    """Print one line for each engine and table."""
    tables = [Path(argument) for argument in sys.argv[1:]] or [GOLDEN]
    found = engines()
    for table in tables:
        rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:] if line]
        print(f"\n{table.name}: {len(rows)} words\n{'engine':10} {'exact':>6} {'%':>6} {'PER %':>7}")
        for name, engine in found.items():
            exact, per = score(engine, rows)
            print(f"{name:10} {exact:6d} {100 * exact / len(rows):6.1f} {per:7.2f}")


if __name__ == "__main__":
    main()
