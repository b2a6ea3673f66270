"""One lake of drawn pictures for all tests of the server, and one server over a copy of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer, build_lake, copied, serving, settings_of


@pytest.fixture(scope="session")
def drawn_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_lake(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def server(drawn_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(settings_of(copied(drawn_lake, tmp_path_factory.mktemp("served")))) as live:
        yield live
