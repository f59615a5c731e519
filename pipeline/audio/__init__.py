"""The audio stage: a recording on disk becomes a 16 kHz clip. Both programs read sound only here.

    settings     the settings and their bounds
    recordings   Recordings: opens and hashes a file once, reads slices; returns faults as values
    decoders     headerless PCM, every format that libsndfile reads, and files that end too early
    samples      several channels to one, any rate to 16 kHz, float32 to 16 bits
    silence      collapse_silence: long pauses shortened, speech untouched
    levels       powers of short frames, noise floor, speech level
    denoise      denoise: runs the chosen engine on noisy clips
    gate         the stationary spectral gate, in float32
    clip         apply_front_end: silence, then denoise; prepare_clip: one utterance for a shard, or
                 the reason to drop it
    hearing      hear_recording: a whole recording of any length, for a recogniser

Import from the modules, so that whoever needs only the settings does not load scipy and soundfile.
"""
