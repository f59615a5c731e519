"""One self-contained page by which a Korean reader judges a dataset.

    survey       one pass over the shards' columns: figures of every row, no audio
    suspicion    rows that are probably wrong, worst first
    sampling     a sample that the seed and the ids decide, however many rows there are
    listening    the sound of a few rows: from the shard, and from the raw corpus before it
    spectrogram  log power over time and frequency, as a picture
    png          pictures of few colours
    charts       histograms, bars and waveforms as SVG
    markup       HTML in which nothing is markup unless it was meant to be
    words        the Korean names of reasons and stages
    overview, dropped, distributions, frequencies, speakers, utterances, samples, making
                 the page's sections, in its order
    page         the sections under one strict content security policy

The page loads nothing, runs no script and is the same for the same manifest, byte for byte.
"""

from pipeline.report.page import write_report

__all__ = ["write_report"]
