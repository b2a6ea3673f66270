"""This file is about `bowerbird lake delete` and `lake maintain`: taking items out, tidying tables."""

import argparse
import dataclasses
import resource

from bowerbird.cli.lake_forget import add_forget_command, remains_told
from bowerbird.cli.lake_layout import add_layout_commands
from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.core.errors import NotFoundError


def add_upkeep_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verbs to the `lake` command."""
    delete = add_leaf(commands, "delete", run_delete, "take items out; gone from every page at once")
    delete.add_argument("ids", nargs="+", metavar="ID")
    add_layout_commands(commands)
    add_forget_command(commands)
    maintain = add_leaf(
        commands, "maintain", run_maintain, "compact files, refresh indexes, let go of the old"
    )
    maintain.add_argument("--memory-mb", type=int, default=0, help="most memory to use (default: no bound)")


def run_delete(args: argparse.Namespace) -> int:
    """Takes items out."""
    from bowerbird.lake.items import delete_items

    with opened(args) as lake:
        gone = delete_items(lake, args.ids)
        if gone == 0:
            raise NotFoundError(
                f"none of {len(args.ids)} ids is an item; look one up with `bowerbird lake show ID`"
            )
        facts = {"deleted": gone, "version": lake.items.version}
    say(args, facts, f"deleted {gone:,} of {len(args.ids):,} items")
    return 0


def run_maintain(args: argparse.Namespace) -> int:
    """Tidies every table and prints what is left to do."""
    from bowerbird.retrieve.forgetting import maintained

    limit_memory(args.memory_mb)
    with opened(args) as lake:
        left, remains = maintained(lake)
    debts = {name: dataclasses.asdict(debt) for name, debt in left.items()}
    lines = [f"{name}: {debt['rows']:,} rows in {debt['fragments']} files" for name, debt in debts.items()]
    facts = {"tables": debts, "remains": [dataclasses.asdict(each) for each in remains]}
    say(args, facts, "\n".join([*lines, *remains_told(remains)]))
    return 0


def limit_memory(limit_mb: int) -> None:
    """This process may use so much; 0: no bound.

    Compaction that wants more ends the process and harms no data: an unfinished commit is no commit.
    """
    if limit_mb:
        resource.setrlimit(resource.RLIMIT_DATA, (limit_mb * 2**20, limit_mb * 2**20))
