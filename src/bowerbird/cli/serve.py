"""This file is about `bowerbird serve`: the HTTP server, its settings and its description."""

import argparse
import json
from pathlib import Path
from typing import Any

from bowerbird.cli.lake_leaf import add_home_option
from bowerbird.lake.places import as_address


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `serve`, `serve config` and `serve openapi`."""
    serve = commands.add_parser("serve", help="answer over HTTP: the page and the API")
    serve.add_argument("--config", type=Path, help="settings file (default: bowerbird.toml, if there is one)")
    serve.add_argument("--lake", type=as_address, help="the lake: a folder, or s3://BUCKET/PREFIX")
    add_home_option(serve)
    serve.add_argument("--host", help="address to listen on; 0.0.0.0 lets other machines in")
    serve.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    serve.set_defaults(run=run_serve)
    verbs = serve.add_subparsers(metavar="VERB")
    config = verbs.add_parser("config", help="print the effective settings as TOML")
    config.add_argument("--json", action="store_true")
    config.set_defaults(run=run_config)
    openapi = verbs.add_parser("openapi", help="print the description of the API as JSON (OpenAPI 3.1)")
    openapi.set_defaults(run=run_openapi)


def run_serve(args: argparse.Namespace) -> int:
    """Serves until it is told to stop."""
    # Loaded when the command runs, so that `--help` answers at once.
    from bowerbird.serve.app import serve
    from bowerbird.serve.settings import load_settings

    settings = load_settings(args.config, _flags(args))
    serve(settings, on_start=lambda address: print(f"Bowerbird listens on {address}", flush=True))
    return 0


def _flags(args: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(args, name) for name in ("lake", "home", "host", "port")}


def run_config(args: argparse.Namespace) -> int:
    """Prints the effective settings."""
    from bowerbird.serve.settings import load_settings, settings_text

    settings = load_settings(args.config, _flags(args))
    print(json.dumps(settings.model_dump(mode="json")) if args.json else settings_text(settings))
    return 0


def run_openapi(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command takes the words it was given
    """Prints the description of the API."""
    from bowerbird.serve.http.api import openapi

    print(json.dumps(openapi(), indent=1))
    return 0
