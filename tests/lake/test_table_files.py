"""The files of a table on a disk, while others write them."""

from pathlib import Path

import pytest

from bowerbird.lake.table_files import DiskFiles


def test_file_that_goes_between_being_listed_and_being_measured_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "table.lance" / "data"
    (data / "deep").mkdir(parents=True)
    for name, size in (("a.lance", 3), ("deep/b.lance", 5), (".tmpXyZ", 7)):
        (data / name).write_bytes(b"x" * size)
    listed = list(data.rglob("*"))
    monkeypatch.setattr(Path, "rglob", lambda *_: iter(listed))
    (data / ".tmpXyZ").unlink()

    assert DiskFiles(tmp_path / "table.lance").sizes() == {"a.lance": 3, "deep/b.lance": 5}
