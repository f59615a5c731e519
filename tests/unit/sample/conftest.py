"""The generator is a script with modules beside it, not a package: put its folder on the path."""

import sys
from pathlib import Path

SAMPLE = Path(__file__).parents[3] / "data" / "sample"
sys.path.append(str(SAMPLE))
