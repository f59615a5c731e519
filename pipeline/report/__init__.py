"""One self-contained page by which a Korean reader judges a dataset.

    figures        figures of all rows, in one pass over the shards' columns, without audio
    suspicion      rows that are probably wrong, worst first
    listening      the sound of a few rows: from the shards, and from the raw corpus
    overview       sections: what the dataset is, what was dropped, how it was made
    distributions  sections: figures, phones and characters, speakers
    utterances     sections: utterances to be read and heard
    page           the sections under one strict content security policy
    charts         histograms, bars and waveforms as SVG
    spectrogram    spectrograms as PNG
    markup         HTML with everything escaped that is not markup
    labels_ko      Korean names of reasons, stages and splits; how numbers are written

The page loads nothing and runs no script. The same manifest gives the same page, byte for byte.
"""

from pipeline.report.page import write_report

__all__ = ["write_report"]
