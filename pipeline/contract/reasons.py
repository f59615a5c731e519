"""Why utterances are dropped, and where: the names used in manifests and dropped lists."""

from enum import StrEnum


class Stage(StrEnum):
    """Where an utterance was dropped: a stage of the pipeline, or a later `merge` or `filter`."""

    CORPUS = "corpus"
    TRANSCRIPT = "transcript"
    AUDIO = "audio"
    PHONOLOGY = "phonology"
    WORKER = "worker"
    MERGE = "merge"
    FILTER = "filter"


class Reason(StrEnum):
    """Why an utterance was dropped. The names are part of the manifest."""

    # corpus
    MALFORMED_LISTING = "malformed_listing"
    DUPLICATE_ID = "duplicate_id"
    NAME_TOO_LONG = "name_too_long"
    OVERLAPPING_SPEECH = "overlapping_speech"
    # transcript
    MISSING_TRANSCRIPT = "missing_transcript"
    TRANSCRIPT_ENCODING = "transcript_encoding"
    TRANSCRIPT_TOO_SHORT = "transcript_too_short"
    TRANSCRIPT_TOO_LONG = "transcript_too_long"
    NO_HANGUL = "no_hangul"
    ANONYMISED = "anonymised"
    UNINTELLIGIBLE = "unintelligible"
    # audio
    MISSING_AUDIO = "missing_audio"
    UNREADABLE_AUDIO = "unreadable_audio"
    TRUNCATED_AUDIO = "truncated_audio"
    SEGMENT_OUTSIDE_AUDIO = "segment_outside_audio"
    EMPTY_AUDIO = "empty_audio"
    SILENT_AUDIO = "silent_audio"
    NOT_FINITE_AUDIO = "not_finite_audio"
    TOO_SHORT_AUDIO = "too_short_audio"
    TOO_LONG_AUDIO = "too_long_audio"
    TOO_FEW_FRAMES = "too_few_frames"
    # phonology
    UNPRONOUNCEABLE = "unpronounceable"
    # worker
    FAILED = "failed"
    # filter
    FILTERED = "filtered"
