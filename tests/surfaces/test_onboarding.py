import pytest
from small_world import COLOURS, World, pointing

from bowerbird.core.actions import Action
from bowerbird.core.errors import NotFoundError
from bowerbird.lake.types import ItemFields
from bowerbird.surfaces.feed import HomeFeed, Onboarding


def test_categories_become_topics_with_four_items_of_theirs(world: World) -> None:
    topics = Onboarding(world.catalogue, world.indexes).topics()

    assert {topic.label for topic in topics} == {"Vases", "Chairs", "Lamps"}
    for topic in topics:
        kind = topic.label.lower().removesuffix("s")
        assert len(topic.numbers) == 4
        assert all(kind in world.title(number) for number in topic.numbers)


def test_four_items_of_a_topic_look_different(world: World) -> None:
    for topic in Onboarding(world.catalogue, world.indexes).topics():
        assert {world.title(number).split(" ")[0].lower() for number in topic.numbers} == set(COLOURS)


def test_catalogue_without_categories_is_grouped_by_look_and_named_by_its_titles(
    empty_world: World,
) -> None:
    items = [
        ItemFields(id=f"{colour}-thing-{each}", title=f"A {colour} thing")
        for colour in COLOURS
        for each in range(15)
    ]
    look = pointing([axis for axis in range(4) for _ in range(15)], seed=3)
    empty_world.add(items, look, look)

    topics = Onboarding(empty_world.catalogue, empty_world.indexes).topics()

    assert {"Red", "Green", "Blue", "Yellow"} <= {topic.label for topic in topics}
    red = next(topic for topic in topics if topic.label == "Red")
    assert all("red" in empty_world.title(number) for number in red.numbers)


def test_catalogue_without_words_is_grouped_by_look_and_named_by_its_colours(empty_world: World) -> None:
    items = [ItemFields(id=f"{colour}-thing-{each}") for colour in COLOURS for each in range(15)]
    look = pointing([axis for axis in range(4) for _ in range(15)], seed=3)
    empty_world.add(items, look, look)

    labels = {topic.label for topic in Onboarding(empty_world.catalogue, empty_world.indexes).topics()}

    assert {"Mostly red", "Mostly green", "Mostly blue", "Mostly yellow"} <= labels


def test_empty_catalogue_has_no_topics(empty_world: World) -> None:
    assert Onboarding(empty_world.catalogue, empty_world.indexes).topics() == ()


def test_picked_topic_leads_the_first_page(world: World) -> None:
    onboarding = Onboarding(world.catalogue, world.indexes)
    picked = onboarding.picked(("category:Lamps",))
    world.act("ann", Action.PICK, *world.catalogue.ids_of(list(picked)))
    feed = HomeFeed(
        world.catalogue, world.indexes, world.lake.online, world.saved_numbers, lambda since: [], world.signer
    )

    page = feed(world.feed_request())

    led = [each for each in page.placements if each.reason.kind == "picked"]
    assert len(led) >= 6
    assert sum("lamp" in world.title(each.number) for each in page.placements) >= 6


def test_unknown_topic_is_refused(world: World) -> None:
    with pytest.raises(NotFoundError, match="ask for the topics again"):
        Onboarding(world.catalogue, world.indexes).picked(("category:Sofas",))
