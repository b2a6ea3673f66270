"""This file is about what a page leaves in the log: impressions, and what people did with its items."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.world.behaviour import Appeal, Outcomes
from bowerbird.world.draws import Stream, further, hashes
from bowerbird.world.liking import SAVE_CODE
from bowerbird.world.log import WorldLog, page_times, rows
from bowerbird.world.policies import Slates
from bowerbird.world.world import World

_AFTER_MS = {
    Action.CLOSEUP: 300,
    Action.SAVE: 700,
    Action.HIDE: 800,
    Action.CLICK: 900,
    Action.LONG_CLICK: 1_000,
}
_SOON_SHARE, _SOON_MEAN_MS, _LATE_MEAN_MS = 0.7, 20 * 60_000, 18 * 3_600_000


@dataclass(frozen=True, slots=True)
class PageShown:
    """One page for each of several persons, all columns [B]."""

    who: np.ndarray
    slates: Slates
    at_ms: np.ndarray
    sessions: np.ndarray
    requests: np.ndarray
    surfaces: np.ndarray


def page_events(world: World, shown: PageShown, did: Outcomes, appeal: Appeal) -> tuple[WorldLog, np.ndarray]:
    """The events, and what the board of each save among them is about: int32 topics, -1 for anything.

    What was not examined left no impression: half of it has to be on the screen for a second.
    """
    done = {
        Action.IMPRESSION: did.examined,
        Action.CLOSEUP: did.closeup,
        Action.CLICK: did.click,
        Action.LONG_CLICK: did.long_click,
        Action.SAVE: did.save,
        Action.HIDE: did.hide,
        Action.PURCHASE: did.purchase & did.click,
    }
    places = {action: np.nonzero(mask) for action, mask in done.items()}
    row = np.concatenate([place[0] for place in places.values()])
    at = np.concatenate([place[1] for place in places.values()])
    codes = np.repeat([ACTION_CODES[action] for action in done], [len(place[0]) for place in places.values()])
    after = np.concatenate([_after(world, shown, action, *place) for action, place in places.items()])
    boards, topics = _boards(world, shown.who, places[Action.SAVE], appeal)
    events = rows(
        len(row),
        persons=shown.who[row],
        items=shown.slates.items[row, at],
        actions=codes,
        at_ms=page_times(shown.at_ms[row], at) + after,
        positions=at,
        sessions=shown.sessions[row],
        requests=shown.requests[row],
        surfaces=shown.surfaces[row],
        dwell_ms=np.where(codes == ACTION_CODES[Action.CLOSEUP], did.dwell_ms[row, at], 0),
        propensities=np.where(
            codes == ACTION_CODES[Action.IMPRESSION], shown.slates.propensities[row, at], np.float32(np.nan)
        ),
    )
    events.boards[codes == SAVE_CODE] = boards
    return events, topics


def _after(world: World, shown: PageShown, action: Action, row: np.ndarray, at: np.ndarray) -> np.ndarray:
    """int64: how long after the item is looked at; most buy within the hour, some the next day."""
    if action is not Action.PURCHASE:
        return np.full(len(row), _AFTER_MS.get(action, 0), np.int64)
    key = hashes(
        world.config.seed, Stream.DWELL, shown.who[row], shown.slates.items[row, at], shown.at_ms[row]
    )
    mean = np.where(further(key, Stream.HOURS) < _SOON_SHARE, _SOON_MEAN_MS, _LATE_MEAN_MS)
    wait = -mean * np.log(np.maximum(further(key, Stream.DWELL), 1e-7))
    after: np.ndarray = 60_000 + np.minimum(wait, 7 * 86_400_000).astype(np.int64)
    return after


def _boards(
    world: World, who: np.ndarray, saves: tuple[np.ndarray, ...], appeal: Appeal
) -> tuple[np.ndarray, np.ndarray]:
    """int32 the slot of each save's board, and what the board is about.

    Slot 0 is for anything; each interest has one of its own, and a new interest in its place a new one.
    """
    people = world.people_truth
    person, place = who[saves[0]], appeal.nearest[saves].astype(np.int64)
    known = np.maximum(place, 0)
    count = people.weights.shape[1]
    slots = 1 + known + count * people.generations[person, known]
    topics = people.interest_topics[person, known]
    return np.where(place >= 0, slots, 0).astype(np.int32), np.where(place >= 0, topics, -1).astype(np.int32)
