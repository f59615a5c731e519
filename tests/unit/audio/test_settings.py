import subprocess
import sys

import pytest
from pydantic import ValidationError

from pipeline.audio.settings import AcceptanceSettings, DenoiseSettings, SilenceSettings
from pipeline.contract.errors import InputRejected


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (AcceptanceSettings, {"shortest_s": 0.0}),
        (AcceptanceSettings, {"shortest_s": 31.0}),
        (AcceptanceSettings, {"longest_s": float("inf")}),
        (AcceptanceSettings, {"longest_s": 400.0}),
        (SilenceSettings, {"vad_level": 4}),
        (SilenceSettings, {"kept_s": 3.5}),
        (SilenceSettings, {"kept_s": 0.005}),
        (SilenceSettings, {"cross_fade_ms": -1.0}),
        (SilenceSettings, {"gate_db": 0.0}),
        (DenoiseSettings, {"engine": "magic"}),
        (DenoiseSettings, {"prop_decrease": 1.1}),
        (DenoiseSettings, {"noise_share": 0.0}),
        (DenoiseSettings, {"n_fft": 500}),
        (DenoiseSettings, {"smooth_hz": 50.0}),
        (DenoiseSettings, {"smooth_ms": 5.0}),
        (DenoiseSettings, {"strength": 1.0}),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_it(model, values):
    (key,) = values
    with pytest.raises(ValidationError, match=key):
        model(**values)


def test_a_misspelt_key_gets_a_hint():
    with pytest.raises(InputRejected, match="did you mean 'engine'"):
        DenoiseSettings.from_tables({"engin": "off"})


def test_importing_the_settings_loads_no_signal_processing():
    code = (
        "import sys, pipeline.audio.settings\n"
        "heavy = {'scipy', 'soundfile', 'soxr', 'webrtcvad', 'noisereduce', 'numpy', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "import pipeline.audio.clip, pipeline.audio.hearing\n"
        "print(sorted({'noisereduce', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
