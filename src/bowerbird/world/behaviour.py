"""This file is about behaviour: how much an item appeals to a person now, and what the person does with it.

Every outcome is a potential one. It hangs on the person, the item, the place on the page, the day and the
state that the person is in, and on draws that depend on nothing else: so what would have happened with
another item in the same place is defined, and two policies can be compared on the same luck.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import INTEREST_WEIGHTS, Action
from bowerbird.world.config import DAY_MS
from bowerbird.world.draws import Stream, bells, further, hashes, uniforms
from bowerbird.world.liking import HIDE_WORTH
from bowerbird.world.world import World

_REPEATS = 5
_WORTH = {action: np.float32(worth) for action, worth in INTEREST_WEIGHTS.items()}


@dataclass(frozen=True, slots=True)
class Appeal:
    """What draws people to items now.

    Attributes:
        log_odds: float32 [B, S].
        tiredness: float32 [B, S] what satiation has taken from it.
        nearest: int8 [B, S] the interest that the item speaks to; -1 where it speaks to none.
    """

    log_odds: np.ndarray
    tiredness: np.ndarray
    nearest: np.ndarray


@dataclass(frozen=True, slots=True)
class Chances:
    """Chances of an examined item, all [B, S] float32; without what trust in the position adds.

    `long_click` and `purchase` are given a click.
    """

    closeup: np.ndarray
    click: np.ndarray
    long_click: np.ndarray
    save: np.ndarray
    hide: np.ndarray
    purchase: np.ndarray

    def worth(self) -> np.ndarray:
        """[B, S] expected worth of an examined item, in saves."""
        worth: np.ndarray = (
            self.closeup * _WORTH[Action.CLOSEUP]
            + self.click * _WORTH[Action.CLICK]
            + self.click * self.long_click * _WORTH[Action.LONG_CLICK]
            + self.click * self.purchase * _WORTH[Action.PURCHASE]
            + self.save * _WORTH[Action.SAVE]
            + self.hide * np.float32(HIDE_WORTH)
        )
        return worth


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What people do with the items of a page, all [B, S]; false where the item is not examined.

    Attributes:
        rows_seen: int64 [B] how many rows were looked at; more than the page has: the next one is asked for.
        purchase: bought, if it is shown here: what is bought anyway, and what seeing it adds.
        purchase_anyway: bought that day, if it is not shown: for every item, examined or not.
        dwell_ms: int32, how long the close-up was looked at.
    """

    rows_seen: np.ndarray
    examined: np.ndarray
    closeup: np.ndarray
    click: np.ndarray
    long_click: np.ndarray
    save: np.ndarray
    hide: np.ndarray
    purchase: np.ndarray
    purchase_anyway: np.ndarray
    dwell_ms: np.ndarray

    def reward(self) -> np.ndarray:
        """[B] what the page was worth, in saves."""
        reward: np.ndarray = (
            self.closeup * _WORTH[Action.CLOSEUP]
            + self.click * _WORTH[Action.CLICK]
            + self.long_click * _WORTH[Action.LONG_CLICK]
            + self.save * _WORTH[Action.SAVE]
            + self.purchase * _WORTH[Action.PURCHASE]
            + self.hide * np.float32(HIDE_WORTH)
        ).sum(axis=1)
        return reward


def appeal_of(
    world: World,
    who: np.ndarray,
    items: np.ndarray,
    intents: np.ndarray | None = None,
    likeness: np.ndarray | None = None,
) -> Appeal:
    """What draws the persons `who` [B] to the `items` [B, S] now; -1 stands for no item.

    Args:
        intents: [B] the interest that each one's session is about; -1 or None: none in particular.
        likeness: float32 [B, S, K] of each item to each interest, where it is known already.
    """
    config, people, state = world.config, world.people_truth, world.state
    knobs = config.behaviour
    topics = world.items.topics[items]
    if likeness is None:
        likeness = world.items.vectors[items] @ people.interests[who].transpose(
            0, 2, 1
        )  # [B, S, D] @ [B, D, K]
    weights = people.weights[who].copy()
    if intents is not None:
        about = np.flatnonzero(intents >= 0)
        weights[about, intents[about]] += np.float32(knobs.intent)
    affinity, nearest = _strongest(likeness, weights)
    tiredness = np.float32(knobs.satiation) * np.log1p(
        state.tired[who[:, None], topics] / np.float32(knobs.satiation_at)
    )
    season = world.item_truth.season(_day_of_year(config.start_ms, world.day))
    appeal = np.float32(knobs.sharpness) * (affinity - np.float32(0.5))
    appeal += world.item_truth.quality[items] + season[topics]
    appeal -= _price_pain(world, who, items)
    appeal += np.float32(knobs.match_spread) * bells(hashes(config.seed, Stream.MATCH, who[:, None], items))
    appeal -= tiredness
    appeal -= np.float32(knobs.repeat) * np.minimum(state.seen[who[:, None], items], _REPEATS).astype(
        np.float32
    )
    nearest[affinity < 0.3] = -1
    return Appeal(appeal, tiredness, nearest)


def chances_of(world: World, who: np.ndarray, items: np.ndarray, appeal: Appeal) -> Chances:
    """What an examined item may lead to; a saved item is not saved again."""
    knobs, log_odds = world.config.behaviour, appeal.log_odds
    save = sigmoid(knobs.save + knobs.save_slope * log_odds)
    save[world.state.has_saved[who[:, None], items]] = 0.0
    return Chances(
        closeup=sigmoid(knobs.closeup + log_odds),
        click=sigmoid(knobs.click + log_odds),
        long_click=sigmoid(knobs.long_click + np.float32(0.5) * log_odds),
        save=save,
        hide=sigmoid(knobs.hide - knobs.hide_slope * log_odds + knobs.boredom * appeal.tiredness),
        purchase=sigmoid(knobs.purchase + np.float32(0.7) * log_odds),
    )


def outcomes(
    world: World,
    who: np.ndarray,
    items: np.ndarray,
    positions: np.ndarray,
    at_ms: np.ndarray,
    intents: np.ndarray | None = None,
    appeal: Appeal | None = None,
) -> Outcomes:
    """What the persons do with the items, had they been on a page that opened at `at_ms`.

    Args:
        who: [B] persons.
        items: [B, S], -1 where there is none.
        positions: [B, S] or [S] places on the page, from 0.
        at_ms: [B] when the page opened.
        appeal: as of now, where it is known already.
    """
    seed = world.config.seed
    appeal = appeal_of(world, who, items, intents) if appeal is None else appeal
    chances = chances_of(world, who, items, appeal)
    days = (at_ms - world.config.start_ms) // DAY_MS
    key = hashes(seed, Stream.CLOSEUP, who[:, None], items, days[:, None])
    rows, columns = _places(world, who, positions)
    rows_seen = 1 + _depth(world, who, at_ms)
    examined = (rows < rows_seen[:, None]) & (further(key, Stream.COLUMN) >= column_loss(world, columns))
    examined &= items >= 0
    blind = world.people_truth.trust[who][:, None] * np.exp(-rows / np.float32(2.0))
    opens = further(key, Stream.CLICK)  # one draw for both: who clicks also opened
    closeup = examined & (opens < chances.closeup + blind * (1 - chances.closeup))
    click = examined & (opens < chances.click + 0.5 * blind * (1 - chances.click))
    save = examined & (further(key, Stream.SAVE) < chances.save)
    bought = further(key, Stream.PURCHASE)
    organic = np.where(on_shopping_list(world, who, items), world.config.behaviour.organic_purchase, 0.0)
    anyway = (bought < organic) & (items >= 0)
    slow = np.exp(np.float32(0.8) * bells(key) + np.float32(0.25) * np.clip(appeal.log_odds, -3, 3))
    return Outcomes(
        rows_seen=rows_seen,
        examined=examined,
        closeup=closeup | click,
        click=click,
        long_click=click & (further(key, Stream.LONG) < chances.long_click),
        save=save,
        hide=examined & ~save & (further(key, Stream.HIDE) < chances.hide),
        purchase=(click & (bought < organic + chances.purchase * (1 - organic))) | anyway,
        purchase_anyway=anyway,
        dwell_ms=np.where(closeup | click, np.clip(4_000 * slow, 300, 600_000), 0).astype(np.int32),
    )


def examination(world: World, who: np.ndarray, count: int) -> np.ndarray:
    """float32 [B, count] chance that each of these persons examines each place of a page."""
    rows, columns = _places(world, who, np.arange(count))
    depth = _patience(world, who)[:, None] ** rows
    chance: np.ndarray = (depth * (1 - column_loss(world, columns))).astype(np.float32)
    return chance


def on_shopping_list(world: World, who: np.ndarray, items: np.ndarray) -> np.ndarray:
    """[B, S] whether the person means to buy the item, wherever they meet it."""
    listed: np.ndarray = (items[:, :, None] == world.people_truth.shopping[who][:, None, :]).any(axis=2)
    return listed


def intents_of(world: World, who: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """int64 [B] the interest that each session is about, in proportion to the weights."""
    edges = np.cumsum(world.people_truth.weights[who], axis=1)
    draw = uniforms(world.config.seed, Stream.INTENT, who, starts) * edges[:, -1]
    intents: np.ndarray = np.minimum((edges <= draw[:, None]).sum(axis=1), edges.shape[1] - 1)
    return intents


def column_loss(world: World, columns: np.ndarray) -> np.ndarray:
    """Chance that a place is passed over for standing far to the right."""
    loss: np.ndarray = np.minimum(np.float32(world.config.behaviour.column_loss) * columns, np.float32(0.9))
    return loss


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """float32 chances."""
    chance: np.ndarray = 1 / (1 + np.exp(-log_odds.astype(np.float32)))
    return chance


def _patience(world: World, who: np.ndarray) -> np.ndarray:
    # A contented person looks further: patience p becomes p ** exp(-…), still between 0 and 1.
    mood = world.state.mood[who] - 1.0
    patience: np.ndarray = world.people_truth.patience[who] ** np.exp(
        -world.config.behaviour.mood_sessions * mood
    )
    return patience


def _depth(world: World, who: np.ndarray, at_ms: np.ndarray) -> np.ndarray:
    draw = np.maximum(uniforms(world.config.seed, Stream.DEPTH, who, at_ms), 1e-7)
    depth: np.ndarray = np.floor(np.log(draw) / np.log(_patience(world, who))).astype(np.int64)
    return depth


def _places(world: World, who: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    columns = world.people.columns[who][:, None]
    positions = np.broadcast_to(positions, (len(who), np.shape(positions)[-1]))
    return positions // columns, positions % columns


def _strongest(likeness: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[B, S] the highest of likeness times weight, and int8 which interest it is of; the first of several."""
    affinity = likeness[..., 0] * weights[:, None, 0]
    nearest = np.zeros(affinity.shape, np.int8)
    for interest in range(1, likeness.shape[2]):  # a few: an argmax along a short axis is far slower
        other = likeness[..., interest] * weights[:, None, interest]
        np.putmask(nearest, other > affinity, np.int8(interest))
        np.maximum(affinity, other, out=affinity)
    return affinity, nearest


def _price_pain(world: World, who: np.ndarray, items: np.ndarray) -> np.ndarray:
    prices = world.items.price_micros
    price = prices[items]
    # A logarithm for each item once, where the whole catalogue is looked at by several people.
    logs = np.log(np.maximum(prices, 1))[items] if items.size > len(prices) else np.log(np.maximum(price, 1))
    distance = np.abs(logs - world.people_truth.usual_price_log[who][:, None])
    pain = np.where(price > 0, world.config.people.taste_for_price * distance, 0.0)
    return pain.astype(np.float32)


def _day_of_year(start_ms: int, day: int) -> float:
    return (start_ms // DAY_MS + day) % 365.25
