"""Settings of the audio stage. Importing them loads only pydantic."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.contract.errors import InputRejected
from pipeline.contract.settings import Settings

PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PauseSeconds = Annotated[float, Field(gt=0, le=1e9)]
"""Any pause; far beyond this, a number of samples cannot be computed."""


class AcceptanceSettings(Settings):
    """Which recordings are worth keeping.

    Attributes:
        shortest_s: Shorter clips are dropped: their few CTC frames hold no phone.
        longest_s: Clips that are longer once their pauses are shortened are dropped: this is
            the length that reaches the GPU.
        longest_recorded_s: Longer utterances are dropped before they are decoded; this bounds a
            worker's memory, whatever a header claims.
    """

    shortest_s: PositiveFloat = 0.1
    longest_s: PositiveFloat = 30.0
    longest_recorded_s: Annotated[float, Field(gt=0, le=3600)] = 300.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.shortest_s <= self.longest_s <= self.longest_recorded_s:
            raise ValueError("expected shortest_s <= longest_s <= longest_recorded_s")
        return self


class SilenceSettings(Settings):
    """When a pause is too long, and how much of it to keep.

    Attributes:
        enabled: False keeps every pause as it is.
        longest_s: A pause may last this long.
        kept_s: A longer pause is cut to this, half on each side of the cut.
        cross_fade_ms: Length of the linear cross-fade at the cut.
        vad_level: webrtcvad's aggressiveness, 0 (calls most things speech) to 3.
        gate_db: Only frames louder than the clip's 95th percentile minus this count as speech.
    """

    enabled: bool = True
    longest_s: PauseSeconds = 3.0
    kept_s: PauseSeconds = 1.0
    cross_fade_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    vad_level: Annotated[int, Field(ge=0, le=3)] = 2
    gate_db: PositiveFloat = 25.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.cross_fade_ms / 1000 <= self.kept_s <= self.longest_s:
            raise ValueError("expected cross_fade_ms <= kept_s <= longest_s")
        return self


ANY_SNR_DB = 200.0
"""No 16-bit or float recording has such a signal-to-noise ratio: with this limit, all are denoised."""


class DenoiseSettings(Settings):
    """The stationary spectral gate, for clips that are noisy; clean ones stay as they are.

    tests/bench/denoise.md says what the gate does to speech, tests/bench/denoise_per.md what it
    does to a recogniser.

    Attributes:
        engine: "off" leaves every clip as recorded; "gate" is ours, "noisereduce" the package with
            the same parameters (about ten times slower), "noisereduce-defaults" the package as it
            comes, on every clip (it damages speech; it is here to repeat what others did).
        max_snr_db: A clip whose speech level is at least this far above its noise floor, as
            measured, is left as it is. 200 denoises every clip.
        prop_decrease: How much of what is below the threshold is taken away, 0 to 1.
        n_std: The threshold's distance above the mean noise level, in standard deviations.
        noise_share: The share of the clip's frames, the quietest, that the noise is estimated from.
        n_fft: Frame length in samples at 16 kHz.
        overlap: In how many frames a sample lies: the hop is `n_fft` / `overlap`. 4 gains about
            0.5 dB of SI-SDR in noise; where every clip is noisy it costs a fifth of the whole
            pipeline's speed.
        smooth_hz: Half width of the mask's smoothing over frequency. It weakens the lower end of
            the spectrum, where a man's fundamental is: 250 Hz instead of 125 costs 2 dB of SI-SDR
            on clean speech, 0.5 dB at 10 dB of white noise.
        smooth_ms: Half width of the mask's smoothing over time. A mask that changes more slowly
            helps a recogniser in babble. One that never heard a denoised clip in training made
            67.2 % errors with every clip denoised at 25 ms, 62.4 % with every clip denoised at 75 ms,
            and 65.3 % without denoising.
    """

    engine: Literal["off", "gate", "noisereduce", "noisereduce-defaults"] = "gate"
    max_snr_db: Annotated[float, Field(ge=0, le=ANY_SNR_DB)] = 18.0
    prop_decrease: Annotated[float, Field(ge=0, le=1)] = 0.8
    n_std: Annotated[float, Field(ge=0, le=10)] = 1.5
    noise_share: Annotated[float, Field(gt=0, le=1)] = 0.15
    n_fft: Literal[256, 512, 1024, 2048] = 512
    overlap: Literal[2, 4] = 2
    smooth_hz: Annotated[float, Field(gt=0, le=2000)] = 125.0
    smooth_ms: Annotated[float, Field(gt=0, le=500)] = 75.0

    @model_validator(mode="after")
    def _resolvable(self) -> Self:
        bin_hz, hop_ms = 2 * 16_000 / self.n_fft, self.n_fft / self.overlap / 16
        if self.smooth_hz < bin_hz or self.smooth_ms < hop_ms:
            raise ValueError(
                f"n_fft {self.n_fft} resolves {bin_hz:g} Hz and {hop_ms:g} ms:"
                " smooth_hz and smooth_ms cannot be finer"
            )
        return self


class FrontEndSettings(Settings):
    """What a recogniser's recordings go through, in training as in use.

    Attributes:
        silence: How long pauses are shortened.
        denoise: How noise is turned down.
    """

    silence: SilenceSettings
    denoise: DenoiseSettings

    @classmethod
    def off(cls) -> Self:
        """The front end that leaves recordings as they are."""
        return cls(silence=SilenceSettings(enabled=False), denoise=DenoiseSettings(engine="off"))

    @classmethod
    def of_run(cls, values: dict[str, Any]) -> Self | None:
        """The front end in a preprocessing run's settings, as its manifest records them.

        Runs before `max_snr_db` was a setting denoised every clip.

        Returns:
            The settings, or None where the manifest lacks them or holds none of ours.
        """
        silence, denoise = values.get("silence"), values.get("denoise")
        if not isinstance(silence, dict) or not isinstance(denoise, dict):
            return None
        tables = {"silence": silence, "denoise": {"max_snr_db": ANY_SNR_DB, **denoise}}
        try:
            return cls.from_tables(tables)
        except InputRejected:
            return None

    def describe(self) -> str:
        """In words: what is done to pauses and to noise."""
        silence, denoise = self.silence, self.denoise
        pauses = (
            f"pauses over {silence.longest_s:g} s shortened to {silence.kept_s:g} s"
            if silence.enabled
            else "pauses as recorded"
        )
        if denoise.engine == "off":
            return f"{pauses}, no denoising"
        everywhere = denoise.max_snr_db == ANY_SNR_DB or denoise.engine == "noisereduce-defaults"
        noisy = "" if everywhere else f" with a signal-to-noise ratio under {denoise.max_snr_db:g} dB"
        return f"{pauses}, clips{noisy} denoised ({denoise.engine})"
