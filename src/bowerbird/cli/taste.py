"""This file is about `bowerbird taste`: the Taste Graph of a lake, looked at and asked."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bowerbird.cli.lake_leaf import add_leaf, opened, say
from bowerbird.cli.taste_interests import add_interest_commands
from bowerbird.cli.taste_train import add_space_command, add_train_commands

if TYPE_CHECKING:
    from bowerbird.taste.graph import GraphHealth, LiveGraph


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `taste graph`, `neighbours`, those of interests, and what trains."""
    taste = commands.add_parser("taste", help="who likes what: the Taste Graph and what it says")
    verbs = taste.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_leaf(verbs, "graph", run_graph, "its size, degrees, hubs, components and freshness")
    near = add_leaf(verbs, "neighbours", run_neighbours, "what people put on boards together with an item")
    near.add_argument("item", metavar="ITEM", help="id of an item")
    near.add_argument("--as-of", metavar="TIME", help="as it was then, such as 2026-11-01 (default: now)")
    near.add_argument("-k", type=int, default=10, help="how many (default: 10)")
    add_interest_commands(verbs)
    add_train_commands(verbs)
    add_space_command(verbs)


def run_graph(args: argparse.Namespace) -> int:
    """Follows the event log, and says how the graph is."""
    from bowerbird.taste.graph import health_of
    from bowerbird.taste.interest_tree import load_tree

    with opened(args) as lake:
        live = _live(lake)
        if tree := load_tree(lake.path):
            live.follow_interests(tree.ids, tree.leaf_of)
        health = health_of(live.graph, lake.clock.now_ms())
        named = _with_hub_names(live, health)
        live.save()
    say(args, named, _told(named))
    return 0


def run_neighbours(args: argparse.Namespace) -> int:
    """The items, with how many boards each shares."""
    from bowerbird.core.clock import moment_ms
    from bowerbird.core.errors import InputError, NotFoundError
    from bowerbird.lake.catalogue import Catalogue
    from bowerbird.taste.graph import Shelves

    if args.k < 1:
        raise InputError(f"-k {args.k} was received; needed is 1 or more; change it")
    with opened(args) as lake:
        catalogue = Catalogue.open(lake)
        live = _live(lake, catalogue)
        number = int(catalogue.numbers_of([args.item])[0])
        if number < 0:
            raise NotFoundError(
                f"item {args.item!r} was asked for; needed is the id of an item; check the id"
            )
        t_ms = None if args.as_of is None else moment_ms(args.as_of)
        shelves = Shelves(live.public_saves(t_ms))
        found = shelves.together_with(int(live.graph.nodes_of(catalogue.numbers_of([args.item]))[0]), args.k)
        ids = catalogue.ids_of(found.items)
    rows = [
        {"item": id_, "boards": int(boards), "score": round(float(score), 4)}
        for id_, boards, score in zip(ids, found.boards, found.scores, strict=True)
    ]
    lines = [f"{row['item']}  on {row['boards']} boards with it, score {row['score']}" for row in rows]
    none = f"nobody put {args.item} on a board together with anything"
    say(args, {"item": args.item, "neighbours": rows}, "\n".join(lines) or none)
    return 0


def _live(lake: Any, catalogue: Any = None) -> "LiveGraph":
    from bowerbird.lake.catalogue import Catalogue
    from bowerbird.taste.graph import LiveGraph

    return LiveGraph(lake, catalogue or Catalogue.open(lake))


def _with_hub_names(live: "LiveGraph", health: "GraphHealth") -> dict[str, Any]:
    """As plain facts, hubs by their ids."""
    from bowerbird.taste.graph import ENDS, EdgeKind

    told = asdict(health)
    for kind, facts in told["kinds"].items():
        for end, node in zip(("source", "target"), ENDS[EdgeKind(kind)], strict=True):
            hubs = facts[end]["hubs"]
            facts[end]["hubs"] = [{"id": live.id_of(node, number), "degree": most} for number, most in hubs]
    return told


def _told(named: dict[str, Any]) -> str:
    lines = [
        f"{named['components']:,} groups hang together, the largest holds {named['largest_share']:.0%}; "
        f"{named['size_bytes'] / 1e6:.1f} MB of marks"
    ]
    for kind, facts in named["kinds"].items():
        source, target = facts["source"], facts["target"]
        lines.append(
            f"{kind}: {facts['edges']:,} edges ({facts['taken_back']:,} taken back, {facts['last_day']:,} of "
            f"the last day); degrees p50/p99/most {source['p50']}/{source['p99']}/{source['most']} and "
            f"{target['p50']}/{target['p99']}/{target['most']}"
        )
    return "\n".join(lines)
