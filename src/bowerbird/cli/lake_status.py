"""This file is about `bowerbird lake status`: where a lake lies, who maintains it, and what is to be done."""

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from bowerbird.cli.lake_leaf import add_leaf, opened, say

if TYPE_CHECKING:
    from bowerbird.lake.leases import Holder

_MB = 1e6


def add_status_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb to the `lake` command."""
    add_leaf(commands, "status", run_status, "where a lake lies, who maintains it, the debt of each table")


def run_status(args: argparse.Namespace) -> int:
    """Prints it."""
    from bowerbird.lake.format import read_format

    with opened(args) as lake:
        said = read_format(lake.place)
        owner = lake.maintenance.owner()
        debts = {
            name: {
                **dataclasses.asdict(table.debt()),
                "reclaimable_bytes": table.upkeep.reclaimable_bytes(),
            }
            for name, table in lake.tables().items()
        }
        facts: dict[str, Any] = {
            "address": lake.place.address,
            "home": str(lake.path),
            "takes_items": lake.home.is_writer(),
            "layout": None if said is None else said.format,
            "maintained_by": None if owner is None else owner.model_dump(),
            "tables": debts,
        }
    say(args, facts, "\n".join([*_lines(facts, owner), *(_line(name, debt) for name, debt in debts.items())]))
    return 0


def _lines(facts: dict[str, Any], owner: "Holder | None") -> list[str]:
    lines = [f"lake: {facts['address']}, layout {facts['layout']}"]
    if facts["home"] != facts["address"]:
        writes = "takes in items" if facts["takes_items"] else "only reads; another home takes in items"
        lines.append(f"home: {facts['home']}, {writes}")
    by = "by whoever writes" if owner is None else f"by process {owner.pid} on {owner.host}"
    return [*lines, f"maintained: {by}"]


def _line(name: str, debt: dict[str, Any]) -> str:
    return (
        f"{name}: {debt['rows']:,} rows in {debt['fragments']:,} files, {debt['deleted_rows']:,} of them "
        f"deleted, {debt['unindexed_rows']:,} not indexed, {debt['versions']:,} versions, "
        f"{debt['reclaimable_bytes'] / _MB:,.1f} MB to free"
    )
