"""The contract between the two programs: all that the trainer may import from the pipeline.

    errors       the exception tree and its exit codes
    reasons      why an utterance is dropped, and at which stage
    vocabulary   41 IPA symbols, ids 1..41, blank 0, and the CTC length rule
    schema       the columns of a shard
    shard        opening a shard without copying it, and checking its rows
    stream, rows what makes that safe: an Arrow stream, and values, that nobody vouches for
    manifest     the document that proves what the shards are
    reading      reading a manifest that somebody else wrote
    opened       a manifest and the folder its shards lie in
    settings     strict, frozen settings: TOML, overrides, fingerprint
    files        writing a file so that nobody ever sees half of it
    text         other people's text in our messages

Nothing here imports anything outside the standard library, pyarrow and pydantic.
"""

from typing import Final

CONTRACT_VERSION: Final = 1
