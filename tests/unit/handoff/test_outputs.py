"""What a derived manifest may be called."""

import pytest
from handoff_data import Person, write_dataset


@pytest.mark.parametrize(
    "command",
    [["merge"], ["split", "--test", "0.5"], ["filter"]],
    ids=lambda command: command[0],
)
def test_a_manifest_that_is_read_is_never_replaced(malsori, tmp_path, command):
    manifest = write_dataset(tmp_path / "radio", "radio", [Person("a", 5), Person("b", 3)])
    before = manifest.read_bytes()
    arguments = [manifest, "duration_s < 9"] if command == ["filter"] else [manifest]
    result = malsori(*command, *arguments, "-o", manifest.parent / ".." / "radio" / manifest.name)
    assert result.exit_code == 3
    assert "would replace a manifest that is read" in result.stderr
    assert manifest.read_bytes() == before
