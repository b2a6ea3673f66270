"""This file is about `bowerbird work`: processes that do one kind of work beside the server."""

import argparse
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.lake.chores import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bowerbird.lake.chores import Chore, Run
    from bowerbird.lake.lake import Lake

MEMORY_MB = 3_072
_RENEW_EVERY_S = 20.0
_LOOK_S = 0.2
_NICENESS = 10


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `work maintain` and `work chore`."""
    work = commands.add_parser("work", help="do one kind of work beside the server")
    verbs = work.add_subparsers(title="commands", metavar="COMMAND", required=True)
    maintain = add_leaf(
        verbs, "maintain", run_maintain, "own the upkeep of a lake; `serve` and `up` start it"
    )
    maintain.add_argument("--once", action="store_true", help="do what is due now, and end")
    maintain.add_argument("--look-every-s", type=float, help="how often (default: 5; 30 for a bucket)")
    maintain.add_argument(
        "--memory-mb", type=int, default=MEMORY_MB, help=f"most memory of a job (default: {MEMORY_MB})"
    )
    maintain.add_argument("--parent", type=int, default=0, help="end when this process does")
    chore = add_leaf(verbs, "chore", run_chore, "one job of maintenance, in this process")
    chore.add_argument("kind", choices=KINDS)
    chore.add_argument("--table", default="", help="which one; not for `all`")
    chore.add_argument("--memory-mb", type=int, default=0, help="most memory to use (default: no bound)")


def run_maintain(args: argparse.Namespace) -> int:
    """Owns the upkeep until it is stopped."""
    from bowerbird.lake.maintaining import Maintainer, Pace, default_look_every_s

    with opened(args) as lake:
        maintainer: Maintainer
        run = in_child(args, lake, lambda: maintainer.is_stopping)
        maintainer = Maintainer(lake, run, Pace(args.look_every_s or default_look_every_s(lake), args.parent))
        if args.once:
            done = maintainer.run_once()
            chores = [f"{chore.kind} {chore.table}".strip() for chore in done or ()]
            told = ", ".join(chores) or "nothing was due"
            told = "another process owns the upkeep" if done is None else told
            say(args, {"done": chores, "is_owner": done is not None}, told)
            return 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: maintainer.stop())
        maintainer.run()
    return 0


def run_chore(args: argparse.Namespace) -> int:
    """Does one job; 1 if another process is at that table."""
    from bowerbird.cli.lake_upkeep import limit_memory
    from bowerbird.core.errors import ConfigError
    from bowerbird.lake.chores import Chore
    from bowerbird.lake.maintaining import in_this_process
    from bowerbird.retrieve.forgetting import maintained

    limit_memory(args.memory_mb)
    with opened(args) as lake:
        if args.kind != "all" and args.table not in lake.tables():
            raise ConfigError(
                f"--table {args.table!r} was received; needed is one of {', '.join(lake.tables())}; name one"
            )
        is_done = in_this_process(lake, lambda: maintained(lake))(Chore(args.kind, args.table))
    say(args, {"done": is_done}, "done" if is_done else "another process is at it")
    return 0 if is_done else 1


def in_child(args: argparse.Namespace, lake: "Lake", is_stopping: "Callable[[], bool]") -> "Run":
    """Does chores in a process of their own, which may run out of memory and be ended without harm."""

    def run(chore: "Chore") -> bool:
        words = [sys.executable, "-m", "bowerbird.cli.main", "work", "chore", chore.kind]
        words += ["--lake", str(args.lake), "--memory-mb", str(args.memory_mb)]
        words += ["--table", chore.table] if chore.table else []
        words += ["--home", str(args.home)] if args.home else []
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as child:
            os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
            renewed_s = time.monotonic()
            while child.poll() is None:
                if is_stopping():
                    child.terminate()  # what it had not committed is as if it had not begun
                if time.monotonic() - renewed_s > _RENEW_EVERY_S:
                    lake.maintenance.renew()
                    renewed_s = time.monotonic()
                time.sleep(_LOOK_S)
            return child.returncode == 0

    return run
