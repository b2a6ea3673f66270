"""This file is about how profiles, neighbours and the graph's health look in JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.records import WishRow
from bowerbird.retrieve.taste_vectors import TasteVectors
from bowerbird.serve.shown import card
from bowerbird.serve.tasting import TasteNow
from bowerbird.taste.graph import ENDS, EdgeKind
from bowerbird.taste.interest_tree import TreeConfig, faded, targetable

_LEAST_SHARE = 0.004
_POINTS = 13
_DAYS = 84


def profile_shown(taste: TasteNow, catalogue: Catalogue, person_id: str, t_ms: int) -> dict[str, Any]:
    """Interests that have a share or a wish, most first, with evidence and how they came to be."""
    tree, profile, reader = taste.profile(person_id, t_ms)
    moments, curve = faded(
        lambda at_ms: reader.of(person_id, at_ms, leans=False), t_ms, days=_DAYS, points=_POINTS
    )
    is_free = targetable(tree, TreeConfig().sensitive)
    holding = profile.wishes.holding
    order = np.argsort(-profile.shares, kind="stable").tolist()
    shown = [place for place in order if profile.shares[place] >= _LEAST_SHARE or tree.ids[place] in holding]
    return {
        "at_ms": t_ms,
        "strength": round(profile.strength, 4),
        "moments_ms": moments.tolist(),
        "interests": [
            {
                "id": tree.ids[place],
                "name": tree.names[place],
                "path": list(tree.path_names(place)),
                "parent_id": tree.ids[tree.parents[place]] if tree.parents[place] >= 0 else "",
                "share": round(float(profile.shares[place]), 4),
                "heft": round(float(profile.hefts[place]), 4),
                "over_time": [round(float(each), 4) for each in curve[:, place]],
                "wish": str(holding[tree.ids[place]].wish) if tree.ids[place] in holding else "",
                "until_ms": holding[tree.ids[place]].until_ms if tree.ids[place] in holding else -1,
                "targetable": bool(is_free[place]),
                "evidence": [
                    {"item": card(item, catalogue), "says": round(says, 4)}
                    for item, says in profile.evidence.get(place, ())
                    if catalogue.live[item]
                ],
            }
            for place in shown
        ],
        "vanished": list(profile.wishes.unknown),
    }


def wish_shown(row: WishRow, replaced: str) -> dict[str, Any]:
    """What was noted."""
    return {**asdict(row), "replaced": replaced}


def query_shown(taste: TasteNow, text: str, k: int) -> dict[str, Any]:
    """What a query is about, the likeliest interest first."""
    queries, told = taste.query(text)
    tree, is_free = queries.tree, targetable(queries.tree, TreeConfig().sensitive)
    likeliest = np.argsort(-told.chances, kind="stable")[:k]
    return {
        "query": text,
        "found": round(told.found, 4),
        "is_sure": told.is_sure,
        "interests": [
            {
                "id": tree.ids[place],
                "name": tree.names[place],
                "path": list(tree.path_names(place)),
                "chance": round(float(told.chances[place]), 4),
                "targetable": bool(is_free[place]),
            }
            for place in likeliest.tolist()
            if told.chances[place] > 0
        ],
        "calibration": {
            "titles": queries.calibration.items,
            "ece": as_number(queries.calibration.ece),
            "hit_rate": as_number(queries.calibration.hit_rate),
        },
    }


def as_number(value: float) -> float | None:
    """JSON has no NaN: what could not be measured is null."""
    return None if np.isnan(value) else round(value, 4)


def neighbours_shown(
    taste: TasteNow, space: TasteVectors | None, catalogue: Catalogue, number: int, k: int, hidden: np.ndarray
) -> dict[str, Any]:
    """Lists by what brought items near, each item with its edge; what the person hid is in none."""
    taken = set(hidden.tolist())
    look = [each for each in taste.near(number, 2 * k) if each not in taken]
    rows = [row for row in taste.together(number, 2 * k) if row[0] not in taken]
    boards = {item: shared for item, _, shared in rows}
    near = [] if space is None else space.near(number, 2 * k).tolist()
    learned = [each for each in near if each not in taken and catalogue.live[each]]
    both = blended((look, list(boards), learned), k)

    def shown(items: list[int]) -> list[dict[str, Any]]:
        return [
            {
                "item": card(item, catalogue),
                "boards": boards.get(item, 0),
                "why": _why(boards.get(item, 0), is_alike=item in look, is_learned=item in learned),
            }
            for item in items
        ]

    return {
        "look": shown(look[:k]),
        "boards": shown(list(boards)[:k]),
        "taste": shown(learned[:k]),
        "blended": shown(both),
    }


def _why(boards: int, *, is_alike: bool, is_learned: bool) -> str:
    put = f"saved to {boards} {'board' if boards == 1 else 'boards'} with this one" if boards else ""
    # What the space learned from is not known item by item: it is said only where nothing plainer can be.
    near = "liked by people of like taste" if is_learned and not boards and not is_alike else ""
    return " and ".join(each for each in ("looks like it" if is_alike else "", put, near) if each)


def health_shown(taste: TasteNow) -> dict[str, Any]:
    """Kinds of edges as a list; hubs that are items by id, others by degree alone."""
    health, id_of = taste.health()
    told = asdict(health)
    kinds = []
    for kind, facts in told.pop("kinds").items():
        for end, node in zip(("source", "target"), ENDS[EdgeKind(kind)], strict=True):
            facts[end]["kind"] = str(node)
            facts[end]["hubs"] = [
                {"id": id_of(node, number) if node == "item" else "", "degree": degree}
                for number, degree in facts[end]["hubs"]
            ]
        kinds.append({"kind": kind, **facts})
    return {**told, "kinds": kinds}


def blended(lists: Sequence[list[int]], k: int) -> list[int]:
    """All lists as one by reciprocal ranks: what several name comes first.

    Source: Cormack et al., "Reciprocal Rank Fusion" (SIGIR 2009), with the constant 60.
    """
    heft: dict[int, float] = {}
    for found in lists:
        for rank, number in enumerate(found):
            heft[number] = heft.get(number, 0.0) + 1 / (60 + rank)
    return sorted(heft, key=lambda number: (-heft[number], number))[:k]
