"""The audio stage: a recording on disk becomes a 16 kHz clip. It is the one ear of both programs.

    settings     what may be chosen, and within which bounds
    recordings   Recordings: files opened and hashed once, read in slices; faults as values
    decoders     headerless PCM, and whatever libsndfile reads
    truncation   WAV and Ogg files that end before their audio does
    samples      several channels to one, any rate to 16 kHz, float32 to 16 bits
    silence      collapse_silence: long pauses shortened, speech untouched
    levels       powers of short frames, noise floor, speech level
    denoise      denoise: the engine that the settings name, for clips that are noisy
    gate         the stationary spectral gate, in float32
    front_end    apply_front_end: silence, then denoise
    clip         prepare_clip: an utterance, for a shard, or why it is not worth keeping
    hearing      hear_recording: a whole recording of any length, for a recogniser

Import from the modules: `settings` then costs pydantic alone, and neither scipy nor soundfile.
"""
