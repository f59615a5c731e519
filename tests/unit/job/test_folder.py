import subprocess
import sys

from pipeline.contract.errors import InputRejected
from pipeline.job.folder import locked


def test_a_second_run_on_one_folder_is_refused_until_the_first_ends(tmp_path):
    code = "import pathlib, sys, pipeline.job.folder as e\nwith e.locked(pathlib.Path(sys.argv[1])): pass"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with locked(tmp_path):
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another run is writing to" in second.stderr
    assert InputRejected.__name__ in second.stderr
    assert subprocess.run(command, check=False).returncode == 0
