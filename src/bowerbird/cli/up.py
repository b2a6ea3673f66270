"""This file is about `bowerbird up`: pictures in, discovery out, on this one machine."""

import argparse
import hashlib
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.cli.lake_import import add_allowed_hosts
from bowerbird.cli.lake_leaf import add_home_option
from bowerbird.core.errors import InputError
from bowerbird.lake.places import as_address

if TYPE_CHECKING:
    from bowerbird.lake.importing.job import ImportOptions
    from bowerbird.serve.settings import ServeSettings


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `up`."""
    up = commands.add_parser("up", help="bring pictures in and serve them: everything on this machine")
    up.add_argument(
        "source", nargs="?", help="what `bowerbird lake import` takes: a folder, a file, an address"
    )
    up.add_argument(
        "--lake", type=as_address, metavar="LAKE",
        help="a folder, or s3://BUCKET/PREFIX (default: a folder for each source, under your data folder)",
    )  # fmt: skip
    add_home_option(up)
    up.add_argument("--images", type=Path, help="folder or zip of the pictures that the rows name")
    add_allowed_hosts(up)
    up.add_argument("--config", type=Path, help="settings file; without it bowerbird.toml, if there is one")
    up.add_argument(
        "--host", help="address to listen on; 0.0.0.0 lets other machines in, a phone for example"
    )
    up.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    up.add_argument(
        "--simulated-people", type=int, default=0, metavar="N",
        help="let so many simulated people live in the lake first, unless some are there (default: 0)",
    )  # fmt: skip
    text = "once the page can be opened, keep the ranker learning beside it; needs torch"
    up.add_argument("--learn", action="store_true", default=None, help=text)
    up.set_defaults(run=run_up)


def run_up(args: argparse.Namespace) -> int:
    """Imports, encodes, fits, indexes and serves; what was done before is not done again."""
    from bowerbird.lake.importing.job import ImportOptions
    from bowerbird.serve.app import serve
    from bowerbird.serve.settings import load_settings

    started_s = time.perf_counter()
    lake_path = args.lake or default_lake(args.source)
    flags = {"lake": lake_path, "home": args.home, "host": args.host, "port": args.port, "learn": args.learn}
    settings = load_settings(args.config, flags)
    prepare(args.source, ImportOptions(images=args.images, allowed_hosts=tuple(args.allow_host)), settings)
    if args.simulated_people:
        print(simulated(args.simulated_people, settings), flush=True)
    print(
        f"ready to serve after {time.perf_counter() - started_s:.0f} s; the lake is {settings.lake}",
        flush=True,
    )
    serve(settings, on_start=lambda address: print(invitation(address), flush=True))
    return 0


def prepare(source: str | None, options: "ImportOptions", settings: "ServeSettings") -> None:
    """Brings the lake to where it can be served."""
    from bowerbird.cli.encode import encode_lake
    from bowerbird.cli.import_told import sentence_of, sentence_of_links, shown_progress, told
    from bowerbird.cli.retrieve import index_lake
    from bowerbird.encode.arriving import ArrivingPictures
    from bowerbird.encode.serving import serving_encoders
    from bowerbird.lake.importing.remote_base import is_address
    from bowerbird.lake.importing.sourcing import bring_in
    from bowerbird.lake.lake import Lake
    from bowerbird.lake.linking import link_look_alikes

    with Lake.open(settings.lake, create=source is not None, home=settings.home) as lake:
        encoders, encoded = serving_encoders(lake, settings.encode), 0
        if source is not None:
            arriving = ArrivingPictures(lake, encoders, settings.encode)
            with shown_progress(is_hidden=False) as progress, arriving:
                run = bring_in(
                    lake, source, options, told(progress),
                    keep_unchanged=is_address(source), on_new_pictures=arriving.take,
                )  # fmt: skip
            print(sentence_of(run.report), flush=True)
            if (links := link_look_alikes(lake)).linked:
                print(sentence_of_links(links), flush=True)
            encoded = arriving.encoded
        print(encode_lake(lake, encoders, settings.encode, encoded=encoded), flush=True)
        print(index_lake(lake, encoders), flush=True)


def simulated(people: int, settings: "ServeSettings") -> str:
    """Brings simulated people into the lake where there are none; gives a sentence."""
    from bowerbird.cli.checked import checked
    from bowerbird.lake.lake import Lake
    from bowerbird.world.config import PeopleConfig, WorldConfig
    from bowerbird.world.living import live_in
    from bowerbird.world.to_lake import count_simulated

    config = WorldConfig(people=checked(PeopleConfig, count=people))
    with Lake.open(settings.lake, home=settings.home) as lake:
        if there := count_simulated(lake):
            return f"{there:,} simulated people are there"
        report = live_in(lake, config, "diverse")
    return f"{report.people:,} simulated people lived here for {config.days} days: {report.events:,} events"


def default_lake(source: str | None) -> Path:
    """A folder of its own for each source, where a person's data belongs.

    Raises:
        InputError: neither a source nor a lake was named.
    """
    if source is None:
        raise InputError(
            "neither pictures nor a lake was given; needed is one of them; "
            "say `bowerbird up FOLDER` or `bowerbird up --lake LAKE`"
        )
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    place = source if "://" in source else str(Path(source).resolve())
    name = re.sub(r"[^a-z0-9]+", "-", Path(place).stem.lower()).strip("-") or "pictures"
    return data / "bowerbird" / f"{name}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def invitation(address: str) -> str:
    """The last line: where to go."""
    return f"\nOpen {address}\nStop with Ctrl-C; the same command goes on from here."
