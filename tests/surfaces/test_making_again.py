"""Features of logged pages made again from stored data: the same, unless something broke on the way."""

from dataclasses import replace

import numpy as np
from small_world import DAY_MS, World

from bowerbird.core.actions import Action
from bowerbird.lake.request_log import RequestRecord
from bowerbird.lake.request_log.sampling import sampled
from bowerbird.lake.request_log.types import hash_of
from bowerbird.lake.types import Event
from bowerbird.rank import FEATURES
from bowerbird.rank.skew import SkewReport
from bowerbird.surfaces.feed import FeaturesAgain, FeedConfig, HomeFeed

MADE = ("closeness", "importance", "freshness", "quality", "dislike", "seen")


def lived(world: World) -> tuple[HomeFeed, list[RequestRecord]]:
    """Three people who act, look and come back over a few days; what the feed logged of it."""
    told: list[RequestRecord] = []
    feed = HomeFeed(
        world.catalogue, world.indexes, world.lake.online, world.saved_numbers,
        world.lake.records.saves.savers_since, world.signer, FeedConfig(),
        log_request=lambda each: told.append(sampled(each, 400)),
    )  # fmt: skip
    rng = np.random.default_rng(3)
    for turn in range(12):
        person = f"person {turn % 3}"
        page = feed(world.feed_request(person, request_id=f"req_{turn}"))
        shown = [world.catalogue.ids_of(np.array([each.number]))[0] for each in page.placements]
        world.clock.advance(by_ms=60_000)
        done = [(Action.IMPRESSION, id_) for id_ in shown]
        done += [
            (rng.choice([Action.SAVE, Action.CLICK, Action.HIDE, Action.UNSAVE]), id_)
            for id_ in rng.permutation(shown)[:2]
        ]
        world.record([event(world, turn, n, person, *each) for n, each in enumerate(done)])
        world.clock.advance(by_ms=DAY_MS // 10)
    return feed, told


def event(world: World, turn: int, n: int, person: str, action: str, item_id: str) -> Event:
    now_ms = world.clock.now_ms()
    return Event(
        event_id=f"e{turn}-{n}", person_id=person, action=Action(action), item_id=item_id,
        at_ms=now_ms - 500 + n, received_ms=now_ms,
    )  # fmt: skip


def again(world: World, feed: HomeFeed) -> FeaturesAgain:
    return FeaturesAgain(
        world.catalogue, world.indexes, feed.ground, world.lake.events.of_people, FeedConfig()
    )


def rates(report: SkewReport) -> dict[str, float]:
    return {each.name: each.rate for each in report.fields if each.compared}


def test_served_features_are_those_that_stored_events_give(world: World) -> None:
    feed, told = lived(world)
    report = again(world, feed)(told)

    assert report.requests == 12
    assert rates(report) == dict.fromkeys(MADE, 0.0)
    assert any(record.features[:, FEATURES.index("dislike")].any() for record in told)


def test_a_feature_broken_on_purpose_raises_the_alarm_for_itself_alone(world: World) -> None:
    feed, told = lived(world)
    compare = again(world, feed)
    for name in MADE:
        broken = []
        for record in told:
            features = record.features.copy()
            features[:, FEATURES.index(name)] = 0.8 * features[:, FEATURES.index(name)] + 0.02
            broken.append(replace(record, features=features, features_hash=hash_of(features)))

        report = compare(broken)

        assert [each.name for each in report.alarms(most_rate=0.01, least_compared=200)] == [name]


def test_an_online_store_that_missed_events_is_seen(world: World) -> None:
    feed, _ = lived(world)
    missed = [event(world, 99, n, "person 0", Action.SAVE, f"blue-chair-{n}") for n in range(3)]
    world.lake.events.append(missed)  # stored, and never applied
    world.clock.advance(by_ms=60_000)
    told: list[RequestRecord] = []
    feed._log_request = lambda each: told.append(sampled(each, 400))
    feed(world.feed_request("person 0", request_id="req_late"))

    report = again(world, feed)(told)

    assert "closeness" in [each.name for each in report.alarms(most_rate=0.01, least_compared=20)]


def test_a_cleared_history_is_cleared_again_and_what_came_before_is_not_judged(world: World) -> None:
    feed, before = lived(world)
    now_ms = world.clock.now_ms()
    world.lake.records.controls.change("person 0", history_from_ms=now_ms)
    world.lake.online.count_from("person 0", now_ms)
    world.clock.advance(by_ms=60_000)
    told: list[RequestRecord] = []
    feed._log_request = lambda each: told.append(sampled(each, 400))
    feed(world.feed_request("person 0", request_id="req_cleared"))
    compare = FeaturesAgain(
        world.catalogue, world.indexes, feed.ground, world.lake.events.of_people, FeedConfig(),
        history_of=world.lake.records.controls.history_of,
    )  # fmt: skip

    report = compare([*before, *told])

    assert report.passed_over == {"controls": sum(each.person_id == "person 0" for each in before)}
    assert rates(report) == dict.fromkeys(MADE, 0.0)
    assert not told[0].features[:, FEATURES.index("closeness")].any()


def test_requests_that_cannot_be_judged_are_counted_with_the_reason(world: World) -> None:
    feed, told = lived(world)
    odd = [
        replace(told[0], feature_set="older"),
        replace(told[1], models={**told[1].models, "look": "another"}),
        replace(told[2], surface="related"),
        replace(told[3], features=told[3].features + 0.1),
    ]
    now_ms = world.clock.now_ms()
    world.record([replace_time(event(world, 77, 0, "person 0", Action.SAVE, "red-vase-1"), now_ms - 100)])
    feed(world.feed_request("person 0", request_id="req_soon"))

    report = again(world, feed)([*odd, told[-1]])

    assert report.requests == 0
    assert report.passed_over == {
        "another definition": 1, "damaged": 1, "other vectors": 1, "no features": 1, "not settled": 1,
    }  # fmt: skip


def replace_time(made: Event, at_ms: int) -> Event:
    return made.model_copy(update={"at_ms": at_ms, "received_ms": at_ms})
