"""This file is about `bowerbird lake`: importing, and the commands over its tables."""

import argparse

from bowerbird.cli.lake_copies import add_copy_commands
from bowerbird.cli.lake_duplicates import add_duplicates_command
from bowerbird.cli.lake_import import add_import_command
from bowerbird.cli.lake_status import add_status_command
from bowerbird.cli.lake_sync import add_sync_commands
from bowerbird.cli.lake_tables import add_table_commands
from bowerbird.cli.lake_verify import add_verify_command


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `lake import` and the commands over tables."""
    lake = commands.add_parser("lake", help="bring pictures in, look at what is kept")
    verbs = lake.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_table_commands(verbs)
    add_copy_commands(verbs)
    add_verify_command(verbs)
    add_status_command(verbs)
    add_import_command(verbs)
    add_sync_commands(verbs)
    add_duplicates_command(verbs)
