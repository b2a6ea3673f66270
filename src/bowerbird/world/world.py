"""This file is about the world as one thing: what can be seen of it, its truth, and how it stands now."""

from dataclasses import dataclass

from bowerbird.core.errors import InputError
from bowerbird.world.config import MAX_CELLS, WorldConfig
from bowerbird.world.items import ItemTruth, make_item_truth, make_items
from bowerbird.world.people import PeopleTruth, make_people
from bowerbird.world.seen import PeopleSeen, WorldItems
from bowerbird.world.state import State


@dataclass(slots=True)
class World:
    """People, items, and everything that decides what people do.

    Attributes:
        items, people: what anybody can see; all that writers and policies are given.
        item_truth, people_truth: never leave this package.
        state: as of the last page.
        day: of `people_truth`.
    """

    config: WorldConfig
    items: WorldItems
    people: PeopleSeen
    item_truth: ItemTruth
    people_truth: PeopleTruth
    state: State
    day: int = 0

    def go_to(self, day: int) -> None:
        """Interests drift, tiredness fades and some people leave, night by night, until `day` begins."""
        while self.day < day:
            self.day += 1
            self.people_truth.drift(self.config, self.day, self.item_truth)
            self.state.rest(self.config.behaviour)
            self.state.leave(self.config.behaviour, self.config.seed, self.day)


def make_world(
    config: WorldConfig, items: WorldItems | None = None, person_ids: tuple[str, ...] | None = None
) -> World:
    """The world on its first day, with a catalogue of its own where none is given.

    Raises:
        InputError: the catalogue is empty, or too large for so many people.
    """
    items = make_items(config) if items is None else items
    if not len(items):
        raise InputError("a catalogue without items was received; needed is at least one; import some first")
    if len(items) * config.people.count > MAX_CELLS:
        raise InputError(
            f"{config.people.count:,} people and {len(items):,} items were asked for; at most {MAX_CELLS:,} "
            "pairs of them fit; take fewer people"
        )
    truth = make_item_truth(config, items)
    people, people_truth = make_people(config, items, truth, person_ids)
    state = State.fresh(len(people), len(items), len(items.topic_names))
    return World(config, items, people, truth, people_truth, state)
