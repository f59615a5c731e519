"""The contract between the programs: what is handed over, and how to read it safely.

    errors         the exception tree and its exit codes
    reasons        why an utterance is dropped, and at which stage
    vocabulary     41 IPA symbols, ids 1..41, blank 0, and the CTC length rule
    schema         the columns of a shard
    sound          the bounds of sound that any reader decodes
    row_audio      the audio file in a row, judged by its first bytes
    shard          opening a shard without copying it, safe whoever wrote it
    names          names and paths in a manifest: none leads astray
    manifest       the document that proves what the shards are
    manifest_file  reading and writing that document
    opened         a manifest together with the folder its shards lie in
    settings       strict, frozen settings: TOML, overrides, fingerprint
    validation     the first error of a rejected document, in one line
    files          writing files and folders so that nobody ever sees half of one
    locks          one writer of a folder or a file at a time
    cache          where copies of manifests and shards at URLs are kept
    text           other people's text in our messages
    terminal       where all that the programs print passes

README.md specifies versions 1 and 2. Nothing here imports anything but the standard library, pyarrow
and pydantic; only shard and opened load pyarrow as soon as they are imported.
"""

from typing import Final

VERSION_OF_RUNS: Final = 1
"""The dropped list lies with the shards, below the root: a run owns the folder it writes to."""

VERSION_OF_VIEWS: Final = 2
"""The dropped list lies with the manifest: whoever merges, splits or filters shards need not own them."""

CONTRACT_VERSIONS: Final = (VERSION_OF_RUNS, VERSION_OF_VIEWS)
