"""From waves to log-probabilities of symbols.

features     waves to log-mel or MFCC
deepspeech2  DeepSpeech2 and its relatives; `Recogniser` is features and network together
norm         its batch norm
gru          its GRU, on CPUs
inference    a recogniser run over the rows of a split
"""
