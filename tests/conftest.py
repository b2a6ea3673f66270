"""Shared set-up: shapes are checked in every test run, and no test reaches outside this machine."""

from collections.abc import Iterator

import pytest
from jaxtyping import install_import_hook
from s3_server import environment_of, new_bucket, running_server

install_import_hook(["bowerbird"], "checker.checked")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server; tests that need it are skipped where moto is not installed."""
    pytest.importorskip("moto")
    pytest.importorskip("obstore")
    with running_server() as address:
        yield address


@pytest.fixture
def s3_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket, as `s3://name`; the environment points S3 clients at its server."""
    for name, value in environment_of(s3_server).items():
        monkeypatch.setenv(name, value)
    return f"s3://{new_bucket(s3_server)}"
