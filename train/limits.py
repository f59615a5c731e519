"""How large the numbers in the settings may be: far beyond what a run can use.

Settings also come from checkpoints that anyone may have written. Within these limits nothing
overflows or takes for ever, and the size of a network is known before it is built.
"""

from typing import Annotated, Final

from pydantic import Field

MOST_STEPS: Final = 99_999_999  # a checkpoint's folder has eight digits
MOST_VALUES_A_SECOND: Final = 10_000_000
"""In one layer, for a second of audio. The preset large has 384,000."""
MOST_RECOGNISED_S: Final = 600.0
"""A longer row is not recognised: utterances last seconds, and the network's memory grows with them."""

Count = Annotated[int, Field(ge=1, le=10**9)]
Few = Annotated[int, Field(ge=1, le=1_000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=1, le=250)]
ManifestWeight = Annotated[float, Field(ge=1e-6, le=100)]
Decibels = Annotated[float, Field(ge=-40, le=100)]
SpeedPercent = Annotated[int, Field(ge=50, le=200)]

KernelSize = Annotated[int, Field(ge=1, le=127)]
Kernel = tuple[KernelSize, KernelSize]
Stride = Annotated[int, Field(ge=1, le=16)]
Width = Annotated[int, Field(ge=1, le=16_384)]
Stripes = Annotated[int, Field(ge=0, le=100)]
StripeWidth = Annotated[int, Field(ge=1, le=10_000)]
AtMost16 = Field(max_length=16, fail_fast=True)

OptimOption = Annotated[float, Field(ge=-1e9, le=1e9)] | bool
