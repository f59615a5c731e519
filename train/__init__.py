"""From shards to a phone recogniser.

    cli         malsori-train fit, evaluate, transcribe
    run/        a whole run from top to bottom (fit.py), its folder, checkpoints, logs
    data/       manifests to padded batches
    loop/       a batch to gradients to new weights
    model/      waves to log-probabilities of symbols
    decoding/   log-probabilities to labels, and to words
    evaluation/ error rates of a checkpoint on a split
    transcribe  audio files to IPA, with times, and to Hangul
    settings    everything that can be set; presets/: named sets of it
    limits      how large the numbers in the settings may be

Of `pipeline`, only `contract` and `audio` are imported.

To follow one batch: data/sources.py, data/dataset.py, loop/setup.py, data/batching.py,
run/trainer.py, loop/loader.py, loop/step.py, data/augment.py, model/features.py,
model/deepspeech2.py, loop/optim.py.
"""

import os

# oneDNN caches the code of the last 1,024 shapes it computed. Every batch has other lengths, so
# that this becomes a gigabyte that is hardly used again; 64 shapes are enough for one step. It
# reads the variable when torch first multiplies.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
