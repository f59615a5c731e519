"""From shards to a phone recogniser.

    dataset     shards, opened by their manifest, as rows of PCM and labels; remote: at a URL
    batching    which rows make which batch, for every epoch, all ranks together
    loader      batches made ahead of time
    augment     what training does to the waves and features of a batch
    features    waves to log-mel or MFCC, on the training device
    model       DeepSpeech2 and its kin: features to log-probabilities of symbols; norm: its batch norm;
                gru: its GRU on CPUs, over the products of matmul
    optim       the loss, the optimiser, the learning rate, the average of the weights
    job         the rows, the model and the plan of a run that has not begun
    distributed several processes that take the same steps
    step        one optimiser step, taken wholly or not at all
    loop        epochs of steps, validations, checkpoints
    fit         a whole run, top to bottom
    checkpoint  what a run goes on from; card: its README; runs: the folder they lie in
    recognise   a recogniser run over audio
    decoding    log-probabilities to labels, and to words
    metrics     edit distance and error rates; breakdown: of groups; confusions: phone by phone
    evaluate    the error rates on a split of a manifest; page: as HTML
    transcribe  audio files (audio) to IPA, with times, and to Hangul

Of the pipeline, only `pipeline.contract` is imported.
"""

import os

# oneDNN keeps the code of 1,024 shapes it has seen; as batches are all of other lengths, that is
# a gigabyte that is hardly used again. 64 hold a whole step. Read when torch first multiplies.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
