"""This file is about `bowerbird encode switch` and its kin: another encoder, while the lake serves on."""

import argparse
import contextlib
import os
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bowerbird.cli.encoder_option import ENCODERS
from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.core.errors import ConfigError

if TYPE_CHECKING:
    from bowerbird.encode.generations import Generation
    from bowerbird.lake.lake import Lake
    from bowerbird.retrieve.switch_progress import SwitchProgress
    from bowerbird.retrieve.switching import Load

_NICENESS = 10


def add_switch_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `encode switch`, `rollback`, `generations` and `keep`."""
    switch = add_leaf(verbs, "switch", run_switch, "serve the lake with another encoder, without a gap")
    switch.add_argument("encoder", nargs="?", metavar="NAME", help=ENCODERS)
    switch.add_argument("--status", action="store_true", help="say what serves and how far a switch is")
    switch.add_argument("--cancel", action="store_true", help="give up the switch that is under way")
    switch.add_argument(
        "--no-activate", action="store_true", help="prepare it; the same command activates it"
    )
    switch.add_argument("--background", action="store_true", help="go on in a process of its own")
    switch.add_argument("--threads", type=int, default=0, help="encoding threads (default: one a core)")
    nice = "how far to stand back behind other work, 0 to 19 (default: 10)"
    switch.add_argument("--niceness", type=int, default=_NICENESS, help=nice)
    switch.add_argument("--in-server", action="store_true", help=argparse.SUPPRESS)
    add_leaf(verbs, "rollback", run_rollback, "serve again with the encoder before the last switch")
    generations = add_leaf(
        verbs, "generations", run_generations, "list what serves, served and is being made"
    )
    generations.add_argument("--drop", metavar="ID", help="let go of one that does not serve")
    add_leaf(verbs, "keep", run_keep, "encode what came in for the generations that wait, too")


def run_switch(args: argparse.Namespace) -> int:
    """Switches, or says how far it is."""
    if args.status:
        return run_generations(args)
    if args.cancel:
        return _cancel(args)
    if not args.encoder:
        raise ConfigError(f"no encoder was named; needed is {ENCODERS}; or say --status or --cancel")
    return _detached(args) if args.background else _switch(args)


def run_rollback(args: argparse.Namespace) -> int:
    """Goes one step back."""
    from bowerbird.retrieve.switching import roll_back

    with opened(args) as lake:
        now = roll_back(lake, _load()).active
    say(args, now.model_dump(), f"the lake is served with {now.encoder} again (generation {now.id})")
    return 0


def run_generations(args: argparse.Namespace) -> int:
    """Lists generations, or drops one."""
    from bowerbird.retrieve.switch_told import generations_told
    from bowerbird.retrieve.switching import drop_generation

    with opened(args) as lake:
        if getattr(args, "drop", None):
            dropped = drop_generation(lake, args.drop)
            say(args, {"dropped": dropped.id}, f"generation {dropped.id} ({dropped.encoder}) is gone")
            return 0
        told = generations_told(lake.path)
    say(args, told.model_dump(), told.sentence)
    return 0


def run_keep(args: argparse.Namespace) -> int:
    """Completes the generations that wait."""
    from bowerbird.retrieve.switching import keep_companions

    os.nice(_NICENESS)
    with opened(args) as lake:
        kept = keep_companions(lake, _load())
    lines = [f"generation {id_} holds {items:,} items" for id_, items in kept.items()]
    say(args, {"items": kept}, "\n".join(lines) or "no generation waits beside the one that serves")
    return 0


def _switch(args: argparse.Namespace) -> int:
    from bowerbird.encode import EncodeConfig
    from bowerbird.encode.serving import serving_encoders
    from bowerbird.retrieve.switching import switch_encoder

    config = EncodeConfig(threads=args.threads)
    with contextlib.suppress(OSError):
        os.nice(args.niceness)
    with opened(args) as lake, shown_progress(args.json) as progress:
        _note_what_serves(lake, serving_encoders)
        task = progress.add_task("switching")

        def tell(at: "SwitchProgress") -> None:
            progress.update(task, description=at.sentence)

        report = switch_encoder(
            lake, args.encoder, _load(), config=config, tell=tell,
            activates=not args.no_activate, runs_in_server=args.in_server,
        )  # fmt: skip
    what = "serves" if report.is_active else "is ready; the same command without --no-activate activates it"
    sentence = (
        f"{report.encoder} {what}: {report.items:,} items, {report.pictures:,} pictures and {report.words:,} "
        f"texts encoded in {report.seconds:.1f} s (generation {report.generation})"
    )
    say(args, asdict(report), sentence)
    return 0


def _cancel(args: argparse.Namespace) -> int:
    from bowerbird.retrieve.switching import cancel_switch

    with opened(args) as lake:
        gone: Generation = cancel_switch(lake)
    say(args, gone.model_dump(), f"the switch to {gone.encoder} is cancelled; nothing of it is left")
    return 0


def _detached(args: argparse.Namespace) -> int:
    """The same command in a process that outlives this one."""
    words = [word for word in sys.argv[1:] if word != "--background"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "bowerbird.cli.main", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    say(
        args,
        {"pid": process.pid},
        f"switching in process {process.pid}; look at it with `bowerbird encode switch --status`",
    )
    return 0


def _note_what_serves(lake: "Lake", serving_encoders: Any) -> None:
    """A lake from before generations gets its first one, so that there is something to switch from."""
    from bowerbird.encode import EncodeConfig
    from bowerbird.encode.generations import read_generations

    if read_generations(lake.path) is None:
        serving_encoders(lake, EncodeConfig())


def _load() -> "Load":
    from bowerbird.encode import EncodeConfig, Encoders, load_encoders

    def load(encoder: str) -> Encoders:
        return load_encoders(EncodeConfig(encoder=encoder))

    return load
