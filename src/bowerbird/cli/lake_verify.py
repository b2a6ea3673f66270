"""This file is about `bowerbird lake verify`: is everything there, and is it what it should be."""

import argparse
import dataclasses

from bowerbird.cli.lake_leaf import add_leaf, opened, say


def add_verify_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb to the `lake` command."""
    verify = add_leaf(
        commands, "verify", run_verify, "check that everything is there and whole; changes nothing"
    )
    verify.add_argument("--full", action="store_true", help="read every picture, not only a sample")
    verify.add_argument("--sample", type=int, default=100, help="pictures to read (default: 100)")


def run_verify(args: argparse.Namespace) -> int:
    """Prints every finding; 1 if something is damaged."""
    from bowerbird.lake.verifying import verify

    with opened(args) as lake:
        findings = list(verify(lake, sample=args.sample, is_full=args.full))
        items = lake.items.count()
    damage = sum(finding.is_damage for finding in findings)
    lines = [
        f"{'DAMAGE' if finding.is_damage else 'note'}  {finding.check}: {finding.what}; {finding.advice}"
        for finding in findings
    ]
    facts = {"items": items, "damage": damage, "findings": [dataclasses.asdict(each) for each in findings]}
    say(
        args,
        facts,
        "\n".join([*lines, f"{items:,} items: " + (f"{damage} kinds of damage" if damage else "whole")]),
    )
    return 1 if damage else 0
