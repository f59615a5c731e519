"""What sound may claim to be: one set of bounds for every reader of recordings and of shards.

A header costs its writer a few bytes and its reader whatever it promises, so every reader asks
`sound_problem` before it decodes, resamples or reserves anything.
"""

from typing import Final

RATES_HZ: Final = range(4_000, 384_001)
"""From narrow telephone speech to the fastest converters. At 1 Hz, a second of samples would become
over four hours at 16 kHz."""

MOST_CHANNELS: Final = 64
LONGEST_S: Final = 24 * 3600
"""No recording is longer than a day; a damaged header may claim that it is."""


def sound_problem(*, rate_hz: int, channels: int, frames: int) -> str | None:
    """Why no reader decodes sound with such a header; None if readers do.

    Args:
        rate_hz: Samples a second in each channel.
        channels: Number of channels.
        frames: Samples in each channel; 0 while the length is not known yet.

    >>> sound_problem(rate_hz=16_000, channels=1, frames=2**34)
    'it claims 298.3 hours, 24 are the most'
    """
    if rate_hz not in RATES_HZ or not 1 <= channels <= MOST_CHANNELS:
        return (
            f"it claims {rate_hz} Hz and {channels} channels, expected {RATES_HZ[0]} to {RATES_HZ[-1]} Hz"
            f" and 1 to {MOST_CHANNELS} channels"
        )
    if frames < 0:
        return f"it claims {frames} samples"
    if frames > LONGEST_S * rate_hz:
        return f"it claims {frames / rate_hz / 3600:.1f} hours, {LONGEST_S // 3600} are the most"
    return None
