"""This file is about `bowerbird world visit`: simulated people use a server through its own API."""

import argparse
import contextlib
import statistics

from bowerbird.cli.import_told import shown_progress
from bowerbird.cli.lake_leaf import add_lake_option, opened, say
from bowerbird.cli.world_words import add_world_words, config_of, telling


def add_visit(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `world visit`."""
    text = "let simulated people use a server through its own API: feed, search, events, boards"
    visit = verbs.add_parser("visit", help=text, description=text)
    add_lake_option(visit)
    visit.add_argument(
        "--server",
        help="address of a server of this lake (default: one of this process, for as long as it takes)",
    )
    add_world_words(visit, policy=None, people=20, has_items=False)
    visit.set_defaults(run=run_visit)


def run_visit(args: argparse.Namespace) -> int:
    """Lives through the days with a server, and says how good its pages were under the truth."""
    from bowerbird.serve.people import PersonTokens
    from bowerbird.serve.settings import load_settings
    from bowerbird.world.client import ApiClient
    from bowerbird.world.real_items import items_of_lake
    from bowerbird.world.served import server_of
    from bowerbird.world.simulation import simulate
    from bowerbird.world.through_api import ApiVisits
    from bowerbird.world.world import make_world

    config = config_of(args)
    with shown_progress(args.json) as progress:
        task = progress.add_task("looking at the items of the lake")
        with opened(args) as lake:
            world = make_world(config, items_of_lake(lake, config.items, config.seed))
            tokens = PersonTokens.of_lake(lake.path)
            lake.records.people.create_many(world.people.ids)  # so that pages say that they are simulated
        settings = load_settings(None, {"lake": args.lake, "home": args.home, "host": "127.0.0.1", "port": 0})
        with contextlib.ExitStack() as stack:
            address = args.server or stack.enter_context(server_of(settings))
            client = stack.enter_context(contextlib.closing(ApiClient(address)))
            visits = ApiVisits(world, client, tokens)
            simulate(world, visits, telling(progress, task, config.days), visits.search())
    found = visits.visited
    page_ms = 1_000 * statistics.median(found.page_s) if found.page_s else 0.0
    share = found.worth / found.best if found.best else 1.0
    facts = {
        "people": config.people.count, "pages": found.pages, "events": found.events, "boards": found.boards,
        "saves": found.saves, "searches": found.searches, "unknown_items": found.unknown_items,
        "page_ms_median": round(page_ms, 1), "share_of_best_worth": round(share, 4), "simulated": True,
    }  # fmt: skip
    say(
        args,
        facts,
        f"{config.people.count:,} simulated people saw {found.pages:,} pages ({page_ms:.0f} ms, median), "
        f"sent {found.events:,} events, made {found.boards:,} boards and saved {found.saves:,} items; "
        f"under the truth, pages of the feed were worth {100 * share:.0f} % of the best there were",
    )
    return 0
