"""Clean speech for the tests: sentences of the bundled sample, spoken by its generator (espeak-ng)."""

import sys
from pathlib import Path

import numpy as np

from pipeline.record import Waveform

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def speak_sentences(folder: Path, *, count: int) -> list[Waveform]:
    """The first sentences of the sample that have no noise, pause or event, in several voices.

    Args:
        folder: Where the recordings are written.

    Returns:
        `count` clips of 1 s or more, float32, 16 kHz.
    """
    if str(SAMPLE) not in sys.path:
        sys.path.append(str(SAMPLE))
    from corpus import write_corpus
    from plan import plan_utterances

    plain = [planned for planned in plan_utterances(scale=0.1) if planned.kind == "plain"]
    write_corpus(folder, plain[:count])
    files = sorted(folder.rglob("*.pcm"))
    assert len(files) == count
    return [np.fromfile(path, "<i2").astype(np.float32) / 2**15 for path in files]
