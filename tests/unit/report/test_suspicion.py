import numpy as np
from edited_dataset import edit_dataset

from pipeline.contract.opened import open_manifest
from pipeline.report.figures import gather_figures
from pipeline.report.suspicion import find_suspicions, rows_without_measurement


def change_measurements(dataset, folder, values):
    """The dataset with `values` (column of `measurements`, by the number of the row) changed."""
    names = iter(range(100))

    def change(row):
        changed = values.get(next(names), {})
        return {**row, "measurements": {**row["measurements"], **changed}}

    return gather_figures(open_manifest(edit_dataset(dataset, folder, change)), samples=0, seed=0)


def test_the_most_suspicious_come_first(dataset, tmp_path):
    values = {
        2: {"speech_level_db": -45.0}, 4: {"speech_level_db": -60.0}, 6: {"peak": 1.0}, 7: {"peak": 1.5},
    }  # fmt: skip
    figures = change_measurements(dataset, tmp_path / "copy", values)
    fast, slow, clipped, quiet = find_suspicions(figures)
    assert quiet.rows.tolist() == [4, 2]
    assert clipped.rows.tolist() == [7, 6]
    rate = figures.by_name["phones_per_second"]
    assert set(slow.rows) == set(np.flatnonzero(rate < 4))
    assert (np.diff(rate[slow.rows]) >= 0).all()
    assert set(fast.rows) == set(np.flatnonzero(rate > 20))


def test_measurements_that_are_no_numbers_are_counted_not_ranked(dataset, tmp_path):
    values = {
        1: {"peak": float("nan"), "noise_floor_db": float("inf")},
        3: {"speech_level_db": float("nan")},
    }
    figures = change_measurements(dataset, tmp_path / "copy", values)
    assert rows_without_measurement(figures) == 2
    assert all(not {1, 3} & set(suspicion.rows.tolist()) for suspicion in find_suspicions(figures)[2:])
