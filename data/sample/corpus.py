"""The corpus as a whole: pronounce what is planned, speak it, write it."""

from pathlib import Path

import numpy as np
from layout import write_lists, write_utterance
from phonemes import phoneme_text
from plan import Planned
from recording import record

from pipeline.phonology import PhonologySettings, label_batch
from pipeline.record import Rejection


def write_corpus(root: Path, planned: list[Planned]) -> int:
    """Write every utterance below `root`, and the lists. Returns the number of samples."""
    phrases = iter(_phoneme_texts([phrase for one in planned for phrase in one.phrases]))
    total = 0
    for one in planned:
        texts = [next(phrases) for _ in one.phrases]
        wave = record(one.kind, texts, seed=one.seed)
        samples = np.round(wave * 32767).astype("<i2")
        write_utterance(root, one, samples=samples.tobytes())
        total += samples.size * (one.kind != "missing")
    write_lists(root, planned)
    return total


def _phoneme_texts(phrases: list[str]) -> list[str]:
    texts: list[str] = []
    for phrase, labelled in zip(phrases, label_batch(phrases, settings=PhonologySettings()), strict=True):
        if isinstance(labelled, Rejection):
            raise ValueError(  # noqa: TRY004 - it is the lists that are wrong
                f"lists/ make a sentence that has no pronunciation: {phrase!r}: {labelled.detail}"
            )
        texts.append(phoneme_text(labelled.pronunciation, list(labelled.ipa)))
    return texts
