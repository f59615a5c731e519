"""From log-probabilities to labels, and to words.

greedy     the best class of each frame
decoder    a decoder by its name; language models are made at the first use
beam       beam search: alone, with a phone n-gram, or over words with a word n-gram
ngram      n-gram models of phones and words, estimated from the train split
lexicon    the words of the train split and how they sound
tuning     weights chosen on the valid split
hangul     IPA to Hangul as pronounced
"""

from typing import Literal

DecoderName = Literal["greedy", "beam", "ngram", "words"]
"""The decoders. The command line reads their names here, so that `--help` imports no settings."""
