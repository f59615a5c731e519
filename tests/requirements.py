"""What some tests need and not every machine has: marks that skip them, and the reason why."""

import sys

import pytest

needs_flashlight = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info >= (3, 13),
    reason="flashlight-text exists for Python 3.11 and 3.12 on Linux only",
)
