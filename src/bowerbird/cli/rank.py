"""This file is about `bowerbird rank`: rankers that learn, and whether features are skewed."""

import argparse
from dataclasses import asdict

from bowerbird.cli.encoder_option import add_encoder_option, encoders_of
from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.cli.rank_declared import add_declared_commands
from bowerbird.cli.rank_train import add_train_commands
from bowerbird.core.errors import NotFoundError


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `rank skew`, and what `rank_train` and `rank_declared` add."""
    rank = commands.add_parser("rank", help="rankers that learn from pages that people saw")
    verbs = rank.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_train_commands(verbs)
    add_declared_commands(verbs)
    text = "make features of logged requests again from stored data, and compare; 1 where they differ"
    skew = add_leaf(verbs, "skew", run_skew, text)
    skew.add_argument("--requests", type=int, default=100, help="how many of the newest (default: 100)")
    skew.add_argument(
        "--most-rate", type=float, default=0.01, help="share that may differ without alarm (default: .01)"
    )
    skew.add_argument(
        "--settled-ms",
        type=int,
        default=250,
        help="pass over requests with an event so shortly before or after (default: 250)",
    )
    add_encoder_option(skew)


def run_skew(args: argparse.Namespace) -> int:
    """Compares, says it field by field, and fails where a field differs too often."""
    from bowerbird.retrieve.ready import ready_indexes
    from bowerbird.surfaces.feed import FeaturesAgain, FeedConfig
    from bowerbird.surfaces.feed.ground import Ground

    config = FeedConfig()
    with opened(args) as lake:
        records = lake.requests.newest(args.requests)
        if not records:
            raise NotFoundError(
                "the request log has no new record; needed is one page of a server over this lake; open the "
                "feed once, or look at BOWERBIRD_LOG_REQUESTS"
            )
        wishful = {
            each.person_id
            for each in records
            if lake.records.wishes.of(each.person_id)
            or lake.records.controls.of(each.person_id).history_from_ms
        }
        ready = ready_indexes(lake, encoders_of(args, lake))
        share, days = config.taste.look_share, config.fresh_days
        ground = Ground(ready.catalogue, ready.indexes, look_share=share, fresh_days=days)
        again = FeaturesAgain(
            ready.catalogue,
            ready.indexes,
            ground,
            lake.events.of_people,
            config,
            settled_ms=args.settled_ms,
            history_of=lake.records.controls.history_of,
        )
        report = again([each for each in records if each.person_id not in wishful])
    left_out = sum(each.person_id in wishful for each in records)
    passed_over = report.passed_over | ({"wishes": left_out} if left_out else {})
    alarms = report.alarms(most_rate=args.most_rate, least_compared=1)
    lines = [
        f"{each.name:12} {each.differing:,} of {each.compared:,} differ, at most by {each.largest:.4f}"
        if each.compared
        else f"{each.name:12} cannot be made again"
        for each in report.fields
    ]
    lines.append(f"{report.requests:,} requests compared")
    lines += [f"{count:,} passed over: {why}" for why, count in passed_over.items()]
    facts = {
        "requests": report.requests,
        "passed_over": passed_over,
        "fields": [asdict(each) | {"rate": each.rate} for each in report.fields],
        "alarms": [each.name for each in alarms],
    }
    say(args, facts, "\n".join(lines))
    return 1 if alarms else 0
