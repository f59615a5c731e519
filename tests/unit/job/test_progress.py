"""Hours that were measured, beside what sizes of files let expect."""

import re

import pytest

from pipeline.job.progress import Progress

LINE = re.compile(r"\s*(\d+)%  ([\d.]+) of about ([\d.]+) h  (\d+)x real time")


@pytest.mark.parametrize("ratio", [0.5, 0.725, 1.0, 4.0])
def test_hours_and_speed_are_those_of_the_audio_whatever_was_estimated(capsys, monkeypatch, ratio):
    """A corpus at 22 kHz looks 1.38 times as long as it is: its files are as large."""
    now = 100.0
    monkeypatch.setattr("pipeline.job.progress.time.monotonic", lambda: now)
    with Progress(total_s=10 * 3600) as progress:
        for _ in range(10):
            now += 36.0
            progress.update(estimated_s=3600, heard_s=ratio * 3600, kept=5, dropped=1)
    lines = [LINE.match(line).groups() for line in capsys.readouterr().err.splitlines()]
    assert len(lines) == 10
    for number, (share, done, total, speed) in enumerate(lines, start=1):
        assert int(share) == 10 * number
        assert float(done) == pytest.approx(ratio * number, abs=0.01)
        assert float(total) == pytest.approx(ratio * 10, abs=0.01)
        assert int(speed) == pytest.approx(100 * ratio, abs=0.5)


def test_what_turns_up_on_the_way_is_added(capsys):
    with Progress(total_s=3600) as progress:
        progress.update(estimated_s=3600, heard_s=1800, kept=1, dropped=0)
        progress.expect(3600)
        progress.update(estimated_s=3600, heard_s=1800, kept=1, dropped=0)
    assert "1.00 of about 1.00 h" in capsys.readouterr().err.splitlines()[-1]


def test_nothing_kept_is_no_division_by_zero(capsys):
    with Progress(total_s=1.0) as progress:
        progress.update(estimated_s=0.0, heard_s=0.0, kept=0, dropped=0)
        progress.update(estimated_s=1.0, heard_s=0.0, kept=0, dropped=1)
    assert "0 kept, 1 dropped" in capsys.readouterr().err
