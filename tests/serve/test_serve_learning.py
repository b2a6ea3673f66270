"""The process that learns beside a server: it waits for the page, and for what it needs."""

import importlib
import subprocess
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from bowerbird.serve.learning import is_installed, learning_beside
from bowerbird.serve.settings import ServeSettings


def test_only_what_an_installer_has_ended_with_counts_as_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / "halfway-1.0.dist-info"
    half.mkdir()
    (half / "METADATA").write_text("Metadata-Version: 2.1\nName: halfway\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()

    assert not is_installed("halfway")
    assert not is_installed("nothing-of-this-name")
    (half / "INSTALLER").write_text("pip\n")
    assert is_installed("halfway")


def test_nothing_is_started_before_the_page_opens_nor_where_it_was_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(
        subprocess, "Popen", lambda words, **_: started.append(words) or pytest.fail("started")
    )

    with learning_beside(ServeSettings(lake=tmp_path, learn=False)) as begin:
        begin()
    with learning_beside(ServeSettings(lake=tmp_path, learn=True)):
        time.sleep(0.8)

    assert not started


def test_learning_of_a_lake_in_a_bucket_is_refused_with_the_reason() -> None:
    with pytest.raises(ValidationError, match=r"s3://shop/lake.*a lake in a folder"):
        ServeSettings(lake="s3://shop/lake", learn=True)


def test_where_training_cannot_be_done_it_is_said_once_and_the_server_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bowerbird.serve.learning.NEEDED", ("nothing-of-this-name",))

    with learning_beside(ServeSettings(lake=tmp_path, learn=True)) as begin:
        begin()
        time.sleep(1.2)

    (said,) = [each for each in caplog.records if each.message == "not learning yet"]
    assert said.missing == ["nothing-of-this-name"]
