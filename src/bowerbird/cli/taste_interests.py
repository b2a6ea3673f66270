"""This file is about `bowerbird taste interests`, `profile`, `edit`: interests, and what people want."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bowerbird.cli.encoder_option import add_encoder_option, encoders_of
from bowerbird.cli.lake_leaf import add_leaf, opened, say

if TYPE_CHECKING:
    import numpy as np

    from bowerbird.lake.lake import Lake
    from bowerbird.taste.interest_tree import InterestTree, Profile, ProfileReader

WISHES = ("more", "less", "never", "mute", "forget", "clear")
_DAY_MS = 86_400_000
_LEAST_CHANCE = 0.01


def add_interest_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the three."""
    tree = add_leaf(verbs, "interests", run_interests, "the tree of interests; made on first use")
    tree.add_argument(
        "--refresh", action="store_true", help="make it anew; interests that go on keep their ids"
    )
    tree.add_argument("--query", metavar="WORDS", help="only those that a search for these words is about")
    profile = add_leaf(verbs, "profile", run_profile, "how much of each interest a person has, and why")
    profile.add_argument("--as-of", metavar="TIME", help="as it was then, such as 2026-11-01 (default: now)")
    edit = add_leaf(verbs, "edit", run_edit, "say for a person what they want of an interest")
    for parser in (profile, edit):
        parser.add_argument("person", metavar="PERSON", help="id of a person")
    edit.add_argument("interest", metavar="INTEREST", help="id of an interest, as `interests` prints it")
    edit.add_argument("wish", choices=WISHES, help="clear takes back what was said before")
    edit.add_argument("--days", type=int, default=30, help="with mute: for how long (default: 30)")
    for parser in (tree, profile, edit):
        add_encoder_option(parser)


def run_interests(args: argparse.Namespace) -> int:
    """Prints the tree, or what a query is about."""
    return _run_query(args) if args.query else _run_tree(args)


def _run_query(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from bowerbird.retrieve.ready import ready_indexes
    from bowerbird.taste.graph import LiveGraph
    from bowerbird.taste.interest_tree import TreeConfig, found_by, query_interests

    with opened(args) as lake, _reader(args, lake) as (reader, _):
        ready, tree = ready_indexes(lake, encoders_of(args, lake)), reader.tree

        def meaning_of(texts: "Sequence[str]") -> "np.ndarray":
            return ready.space.words_of(ready.encoders.words.encode_words(texts), texts)

        titles = [ready.catalogue.title(number) for number in range(ready.catalogue.size)]
        queries = query_interests(tree, titles, meaning_of, ready.indexes.look.width)
        found = found_by(LiveGraph(lake, ready.catalogue).graph, args.query)
        told = queries.of(meaning_of([args.query])[0], found, lake.clock.now_ms() + 1, TreeConfig())
    chances = told.chances.round(4).tolist()
    rows = [
        {"id": tree.ids[place], "path": list(tree.path_names(place)), "chance": chances[place]}
        for place in (-told.chances).argsort(kind="stable")[:12].tolist()
        if chances[place] >= _LEAST_CHANCE
    ]  # fmt: skip
    lines = [f"{row['chance']:5.1%}  {' / '.join(row['path'])}" for row in rows]
    if not told.is_sure:
        lines.append("not sure: these words are near to no interest more than to the others")
    if queries.calibration.items:
        lines.append(_calibration_told(asdict(queries.calibration), "titles"))
    facts = {"query": args.query, "found": round(told.found, 4), "is_sure": told.is_sure, "interests": rows}
    say(args, {**facts, "calibration": asdict(queries.calibration)}, "\n".join(lines))
    return 0


def _run_tree(args: argparse.Namespace) -> int:
    from bowerbird.taste.interest_tree import TreeConfig, targetable

    with opened(args) as lake, _reader(args, lake) as (reader, calibration):
        tree, is_free = reader.tree, targetable(reader.tree, TreeConfig().sensitive)
        sizes = _sizes(tree)
    rows = [
        {
            "id": tree.ids[place], "name": tree.names[place], "path": list(tree.path_names(place)),
            "items": int(sizes[place]), "targetable": bool(is_free[place]),
        }
        for place in range(len(tree))
    ]  # fmt: skip
    lines = [
        f"{'  ' * (len(tree.path(place)) - 1)}{row['name']}  {row['items']:,} items  {row['id']}"
        + ("" if row["targetable"] else "  (sensitive: not for targeting)")
        for place, row in ((place, rows[place]) for place in _depth_first(tree))
    ]
    told = "" if calibration is None else _calibration_told(calibration)
    say(
        args,
        {"interests": rows, "calibration": calibration},
        "\n".join([*lines, told]).strip() or "no interest yet",
    )
    return 0


def run_profile(args: argparse.Namespace) -> int:
    """Prints the person's interests, most first, with what says so."""
    from dataclasses import asdict

    from bowerbird.core.clock import moment_ms

    with opened(args) as lake, _reader(args, lake) as (reader, _):
        t_ms = lake.clock.now_ms() + 1 if args.as_of is None else moment_ms(args.as_of)
        profile = reader.of(args.person, t_ms)
        rows = [_told(reader, profile, place) for place in profile.shares.argsort()[::-1].tolist()]
    shown = [row for row in rows if row["share"] >= 0.005 or row["wish"]]
    lines = [
        f"{row['share']:5.1%}  {' / '.join(row['path'])}"
        + (f"  [{row['wish']}]" if row["wish"] else "")
        + (f"  from {', '.join(each['item'] for each in row['evidence'][:3])}" if row["evidence"] else "")
        for row in shown
    ]
    facts = {"person": args.person, "strength": round(profile.strength, 3), "interests": rows}
    facts["vanished"] = list(profile.wishes.unknown)
    facts["leaning"] = asdict(reader.leaning)
    say(args, facts, "\n".join(lines) or f"nothing is known of {args.person}, and nobody liked anything yet")
    return 0


def run_edit(args: argparse.Namespace) -> int:
    """Notes the wish; says what it replaces."""
    from bowerbird.core.errors import InputError, NotFoundError
    from bowerbird.taste.interest_tree import said_by, wishes_at

    if args.days < 1:
        raise InputError(f"--days {args.days} was received; needed is 1 or more; change it")
    with opened(args) as lake, _reader(args, lake) as (reader, _):
        place = reader.tree.place_of(args.interest)
        if place < 0:
            raise NotFoundError(
                f"interest {args.interest!r} was named; needed is one of the tree; "
                "`bowerbird taste interests` lists them"
            )
        wishes, now_ms = lake.records.wishes, lake.clock.now_ms()
        before = wishes_at(reader.tree, said_by(wishes.of(args.person)), now_ms + 1).holding.get(
            args.interest
        )
        until_ms = now_ms + args.days * _DAY_MS if args.wish == "mute" else -1
        row = wishes.add(args.person, args.interest, args.wish, until_ms=until_ms)
        name = " / ".join(reader.tree.path_names(place))
    replaced = None if before is None else str(before.wish)
    facts = {"person": args.person, "interest": args.interest, "wish": row.wish, "until_ms": row.until_ms}
    told = f"{args.wish}: {name}" + (f" (in place of {replaced})" if replaced else "")
    say(args, {**facts, "replaced": replaced}, told)
    return 0


@contextmanager
def _reader(
    args: argparse.Namespace, lake: "Lake"
) -> "Iterator[tuple[ProfileReader, dict[str, Any] | None]]":
    """Profiles of the lake; the tree is made where there is none, or where that was asked for."""
    from dataclasses import asdict

    import numpy as np

    from bowerbird.retrieve.ready import ready_indexes
    from bowerbird.taste.graph import LiveGraph
    from bowerbird.taste.interest_tree import ProfileReader, TreeConfig, load_tree, refreshed_tree

    ready = ready_indexes(lake, encoders_of(args, lake))

    def vectors_of(numbers: "np.ndarray") -> "np.ndarray":
        look, words = ready.indexes.look.vectors(numbers), ready.indexes.words.vectors(numbers)
        return np.concatenate([look, words], axis=1) * np.float32(0.5**0.5)

    tree, told = load_tree(lake.path), None
    if tree is None or getattr(args, "refresh", False):
        every = vectors_of(np.arange(ready.catalogue.size))
        tree, calibration = refreshed_tree(lake, ready.catalogue, every, TreeConfig())
        told = asdict(calibration) if calibration.items else None
    live = LiveGraph(lake, ready.catalogue)
    yield ProfileReader.fitted(lake, live.graph, tree, vectors_of, TreeConfig()), told
    live.save()


def _told(reader: "ProfileReader", profile: "Profile", place: int) -> dict[str, Any]:
    tree = reader.tree
    held = profile.wishes.holding.get(tree.ids[place])
    items = profile.evidence.get(place, ())
    return {
        "id": tree.ids[place],
        "path": list(tree.path_names(place)),
        "share": round(float(profile.shares[place]), 4),
        "heft": round(float(profile.hefts[place]), 4),
        "wish": None if held is None else str(held.wish),
        "evidence": [
            {"item": id_, "says": round(says, 4)}
            for id_, (_, says) in zip(_ids(reader, [item for item, _ in items]), items, strict=True)
        ],
    }


def _ids(reader: "ProfileReader", numbers: list[int]) -> list[str]:
    from bowerbird.lake.catalogue import Catalogue

    return Catalogue.open(reader.lake).ids_of(numbers) if numbers else []


def _sizes(tree: "InterestTree") -> "np.ndarray":
    import numpy as np

    return tree.rolled_up(np.bincount(tree.leaf_of[tree.leaf_of >= 0], minlength=len(tree)))


def _depth_first(tree: "InterestTree") -> list[int]:
    return sorted(range(len(tree)), key=tree.path_names)


def _calibration_told(calibration: dict[str, Any], what: str = "items") -> str:
    return (
        f"on {calibration['items']:,} {what} that took no part the likeliest interest is right "
        f"{calibration['hit_rate']:.0%} of the time; its chance is off by {calibration['ece']:.3f} on average"
    )
