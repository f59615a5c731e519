"""The contract between the programs: what is handed over, and how to read it safely.

    errors         the exception tree and its exit codes
    reasons        why an utterance is dropped, and at which stage
    vocabulary     41 IPA symbols, ids 1..41, blank 0, and the CTC length rule
    schema         the columns of a shard
    shard          opening a shard without copying it, safe whoever wrote it
    manifest       the document that proves what the shards are
    manifest_file  reading and writing that document
    opened         a manifest together with the folder its shards lie in
    settings       strict, frozen settings: TOML, overrides, fingerprint
    validation     the first error of a rejected document, in one line
    files          writing files and folders so that nobody ever sees half of one
    text           other people's text in our messages
    terminal       where all that the programs print passes

README.md specifies version 1. Nothing here imports anything but the standard library, pyarrow
and pydantic; only shard and opened load pyarrow as soon as they are imported.
"""

from typing import Final

CONTRACT_VERSION: Final = 1
