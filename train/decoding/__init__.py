"""Log-probabilities to labels, and to words.

    greedy    the best class of each frame
    ngram     n-gram models of phones and words, estimated from the train split
    lexicon   the words of the train split and how they sound
    beam      beam search, alone, with a phone n-gram, or over words with a word n-gram
    decoder   a decoder by its name: models built once into the run's folder, weights
              chosen on the valid split
    hangul    IPA to Hangul as pronounced

This module imports nothing.
"""
