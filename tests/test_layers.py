"""What the import contracts cannot say: only files that train know torch, and only `cli` knows them."""

import re

import grimp
import pytest

TRAINS = re.compile(
    r"^bowerbird\.(learn\.training(\..+)?|(retrieve|taste|rank)\.\w+\.(model|train)|adapters\..+)$"
)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("bowerbird", include_external_packages=True)


def test_torch_is_imported_only_where_models_are_trained(graph: grimp.ImportGraph) -> None:
    importers = graph.find_modules_that_directly_import("torch")

    assert importers
    assert not [name for name in importers if not TRAINS.match(name)]


def test_files_that_train_are_imported_only_by_each_other_and_by_commands(graph: grimp.ImportGraph) -> None:
    trains = {name for name in graph.modules if TRAINS.match(name) and ".adapters." not in name}
    others = {
        (importer, name)
        for name in trains
        for importer in graph.find_modules_that_directly_import(name)
        if importer not in trains and not importer.startswith("bowerbird.cli.")
    }

    assert len(trains) > 5
    assert not others
