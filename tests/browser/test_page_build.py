"""The build of the page: from Node in a wheel, only when something changed, from no written address."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    found = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path, hook: ModuleType) -> Path:
    """A checkout whose page is built."""
    for path, text in {
        "web/src/main.ts": "export {};",
        "web/node_modules/vite/package.json": "{}",
        "src/bowerbird/serve/page/index.html": "<!doctype html>",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    stamp = tmp_path / "src/bowerbird/serve/page" / hook.STAMP
    stamp.write_text(hook.sources_digest(tmp_path / "web") + "\n")
    return tmp_path


def test_page_of_the_same_sources_is_not_built_again(hook: ModuleType, tree: Path) -> None:
    (tree / "web/node_modules/vite/package.json").write_text('{"version": "9"}')  # no source of the page

    # There is no package.json in this tree: a build would fail.
    assert hook.ensure_page(tree) is False


@pytest.mark.parametrize(("path", "text"), [("web/src/main.ts", "changed"), ("web/src/new.ts", "")])
def test_page_of_other_sources_is_built_again(hook: ModuleType, tree: Path, path: str, text: str) -> None:
    (tree / path).write_text(text)

    # It is tried, with the Node of the wheel, and says what failed: this tree has no package.json.
    with pytest.raises(RuntimeError, match="npm ci"):
        hook.ensure_page(tree)


def test_installed_package_without_web_sources_needs_no_build(hook: ModuleType, tmp_path: Path) -> None:
    assert hook.ensure_page(tmp_path) is False


def test_packages_count_as_installed_only_in_their_locked_versions(hook: ModuleType, tmp_path: Path) -> None:
    locked = {
        "": {},
        "node_modules/vite": {"version": "8.3.8"},
        "node_modules/only-on-arm": {"version": "1.0.0", "optional": True},
        "node_modules/vitest": {"version": "5.1.1", "dev": True},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": locked}))
    (tmp_path / "node_modules").mkdir()
    installed = tmp_path / "node_modules" / ".package-lock.json"

    assert not hook.has_locked_packages(tmp_path)
    installed.write_text(json.dumps({"packages": {"node_modules/vite": {"version": "8.3.7"}}}))
    assert not hook.has_locked_packages(tmp_path)
    installed.write_text(json.dumps({"packages": {"node_modules/vite": {"version": "8.3.8"}}}))
    assert hook.has_locked_packages(tmp_path)
    assert not hook.has_locked_packages(tmp_path, with_tools=True)


def test_lock_has_a_hash_for_every_package_and_no_address() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text()

    packages = {name: package for name, package in json.loads(lock)["packages"].items() if name}
    assert len(packages) > 20
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert "resolved" not in lock
    assert not re.search(r"https?://[^\"]*\.tgz", lock)


def test_direct_packages_are_pinned_exactly() -> None:
    given = json.loads((ROOT / "web" / "package.json").read_text())

    versions = {**given["dependencies"], **given["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_types_of_the_page_are_those_that_the_server_describes() -> None:
    from bowerbird.serve.http.api import openapi

    written = (ROOT / "web" / "src" / "api" / "schema.ts").read_text()
    missing = [
        f"{name}.{field}"
        for name, schema in openapi()["components"]["schemas"].items()
        for field in schema.get("properties", {})
        if not re.search(
            rf"^\s+{name}: \{{(?:(?!^\s{{8}}\}}).)*?\b{field}\??:", written, re.DOTALL | re.MULTILINE
        )
    ]
    paths = [path for path in openapi()["paths"] if f'"{path}"' not in written]

    hint = "run `bowerbird serve openapi > openapi.json`, then `npm run schema` in web/"
    assert (missing, paths) == ([], []), hint
