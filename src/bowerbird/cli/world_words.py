"""This file is about the words that describe a world on the command line."""

import argparse
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.cli.checked import checked
from bowerbird.core.errors import ConfigError, InputError
from bowerbird.world.config import POLICIES, WorldConfig

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def add_world_words(
    parser: argparse.ArgumentParser, *, policy: str | None, people: int, has_items: bool
) -> None:
    """Adds the size of the world, its chance, and who decides what is shown (unless `policy` is None)."""
    parser.add_argument("--people", type=int, help=f"how many (default: {people})")
    parser.add_argument("--days", type=int, help=f"how long they live there (default: {_default('days')})")
    if has_items:
        parser.add_argument(
            "--items", type=int, help=f"how many are made up (default: {WorldConfig().items.count})"
        )
    parser.add_argument(
        "--seed", type=int, help=f"the same seed, the same world (default: {_default('seed')})"
    )
    if policy is not None:
        parser.add_argument(
            "--policy",
            choices=POLICIES,
            default=policy,
            help=f"who decides what they are shown (default: {policy})",
        )
        parser.add_argument(
            "--explore", type=float, default=0.0, help="share of places given to chance (default: 0)"
        )
    parser.add_argument(
        "--knobs", type=Path, help="TOML file with any setting of the world, see docs/world.md"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(default_people=people)


def config_of(args: argparse.Namespace) -> WorldConfig:
    """The settings: the file's, and above them the words'.

    Raises:
        ConfigError: one is unknown or out of bounds.
        InputError: the file cannot be read.
    """
    explore = getattr(args, "explore", 0.0)
    if not 0.0 <= explore <= 1.0:
        raise ConfigError(f"--explore {explore} was received; needed is a share from 0 to 1; change it")
    given = _from_file(args.knobs)
    given.update({name: getattr(args, name) for name in ("days", "seed") if getattr(args, name) is not None})
    people = given.setdefault("people", {})
    people["count"] = args.people if args.people is not None else people.get("count", args.default_people)
    if getattr(args, "items", None) is not None:
        given.setdefault("items", {})["count"] = args.items
    return checked(WorldConfig, **given)


def telling(progress: "Progress", task: "TaskID", days: int) -> Callable[[int, int], None]:
    """What keeps the line up to date, day by day."""

    def tell(done: int, events: int) -> None:
        progress.update(task, description=f"day {done} of {days}: {events:,} events")

    return tell


def _default(name: str) -> Any:
    return WorldConfig.model_fields[name].default


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"{path} cannot be read as settings of the world ({error}); needed is a TOML file; docs/world.md "
            "shows one"
        ) from error
