"""From shards to a phone recogniser.

    dataset     shards, opened by their manifest, as rows of PCM and labels
    batching    which rows make which batch, for every epoch and every rank
    augment     what training does to the features of a batch
    features    PCM to log-mel features, on the training device
    model       DeepSpeech2: features to log-probabilities of symbols
    optim       the loss, the optimiser, the learning rate of a step
    job         the rows, the model and the plan of a run that has not begun
    step        one optimiser step, taken wholly or not at all
    loop        the training run, top to bottom
    checkpoint  the run's folder, and checkpoints that are whole or not there
    decode      log-probabilities to labels
    metrics     edit distance and phone error rate
    evaluate    the phone error rate on a split of a manifest
    transcribe  audio files to IPA

Of the pipeline, only `pipeline.contract` is imported. This module imports nothing.
"""
