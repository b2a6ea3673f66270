"""This file is about the knobs of the world: what each one moves, and the value that it was calibrated to."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
AtLeastZero = Annotated[float, Field(ge=0.0)]
DAY_MS = 86_400_000
POLICIES = ("random", "popular", "similar", "diverse", "oracle")
"""Who may decide what people are shown, by name."""
MAX_CELLS = 1_000_000_000
"""People times items: what everyone has seen is kept as one byte a pair."""


class _Knobs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemsConfig(_Knobs):
    """What there is to see.

    Attributes:
        count: items of a catalogue made up here; a real one brings its own.
        topics: groups of items that look alike; people tire of a topic, and boards are made of them.
        width: of the vectors; those of a real catalogue are reduced to it.
        closeness: cosine of an item to the middle of its topic.
        topic_skew: how unequal topics are in size and in how many people like them (Zipf exponent).
        quality_spread: standard deviation of what makes an item good for everybody, in log-odds.
        arriving_share: items that are not there at the start and arrive evenly over the days.
        season_height: how far the liking of a topic goes up and down over the year, in log-odds.
        owners: who the items belong to, unequally.
        price_median_usd, price_spread: log-normal.
    """

    count: Annotated[int, Field(ge=2, le=5_000_000)] = 5_000
    topics: Annotated[int, Field(ge=1, le=2_000)] = 40
    width: Annotated[int, Field(ge=2, le=512)] = 32
    closeness: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.82
    topic_skew: AtLeastZero = 0.6
    quality_spread: AtLeastZero = 0.8
    arriving_share: Share = 0.2
    season_height: AtLeastZero = 0.3
    owners: Annotated[int, Field(ge=1)] = 200
    price_median_usd: Annotated[float, Field(gt=0)] = 35.0
    price_spread: AtLeastZero = 0.8


class PeopleConfig(_Knobs):
    """Who comes, how often, and what they like.

    Attributes:
        count: people.
        interests: latent interests of each person; the first is the strongest.
        closeness: cosine of an interest to the middle of its topic.
        fading: weight of each further interest against the one before, drawn around this.
        drift: how far an interest turns in a day, as the tangent of the angle.
        new_interest_share: chance a day that one interest is replaced by a new one.
        sessions_a_day: mean over people, before mood and weekday.
        activity_spread: standard deviation of the logarithm of a person's sessions a day: the heavy tail.
        weekend: sessions on Saturday and Sunday against other days.
        patience: chance to look at the next row, drawn around this.
        phone_share, tablet_share: devices; the rest are desktops. They show 2, 3 and 5 columns.
        taste_for_price: how much a price far from one's usual one costs, in log-odds a factor of e.
    """

    count: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    interests: Annotated[int, Field(ge=1, le=32)] = 4
    closeness: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.85
    fading: Annotated[float, Field(gt=0.0, le=1.0)] = 0.85
    drift: AtLeastZero = 0.03
    new_interest_share: Share = 0.01
    sessions_a_day: AtLeastZero = 0.9
    activity_spread: AtLeastZero = 0.9
    weekend: AtLeastZero = 1.25
    patience: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.9
    phone_share: Share = 0.7
    tablet_share: Share = 0.1
    taste_for_price: AtLeastZero = 0.25

    @model_validator(mode="after")
    def _shares_fit(self) -> "PeopleConfig":
        if self.phone_share + self.tablet_share > 1.0:
            raise ValueError("phone_share and tablet_share add up to more than 1")
        return self


class BehaviourConfig(_Knobs):
    """What people do with what they are shown. Biases are log-odds at a middling item (appeal 0).

    Attributes:
        sharpness: log-odds between an item nobody asked for and one in the middle of an interest, per unit of
            affinity.
        match_spread: what draws a person to one item and is in no vector; standard deviation, log-odds.
        intent: what is added to the weight of the interest that a session is about.
        closeup, click, long_click, save, hide, purchase: biases; a long click is one of a click, a purchase
            of a click.
        save_slope, hide_slope: how steeply saving and hiding answer to appeal.
        trust: chance to open what stands first whatever it is, falling with each row.
        column_loss: examination lost with each column to the right.
        satiation: log-odds lost to a topic as it is seen again: `satiation * log(1 + seen / satiation_at)`.
        satiation_at: examined items of a topic, fading.
        satiation_half_life_days: how fast that fades.
        boredom: what the same satiation adds to hiding.
        repeat: log-odds lost each time an item was seen before.
        mood_step: how far the mood goes towards the reward of a session. Mood 1 is contented.
        usual_reward: worth of an examined item that leaves a person contented.
        mood_sessions: how much more often people come a unit of mood, in logarithms; and how far they scroll.
        leaving: chance a day to leave for good, at mood 1.
        mood_leaving: how much a unit of mood below 1 adds to that, in logarithms.
        query_share: sessions that begin with a typed query.
        max_pages: of one session.
        organic_purchase: chance a day to buy an item of one's shopping list without having seen it here.
        shopping_list: items on it.
        picks: items chosen at the first visit, out of a random page.
    """

    sharpness: AtLeastZero = 5.0
    match_spread: AtLeastZero = 0.5
    intent: AtLeastZero = 0.15
    closeup: float = -2.2
    click: float = -4.3
    long_click: float = -0.4
    save: float = -3.6
    hide: float = -7.2
    purchase: float = -4.6
    save_slope: AtLeastZero = 1.0
    hide_slope: AtLeastZero = 0.6
    trust: Share = 0.03
    column_loss: Share = 0.04
    satiation: AtLeastZero = 1.0
    satiation_at: Annotated[float, Field(gt=0.0)] = 60.0
    satiation_half_life_days: Annotated[float, Field(gt=0.0)] = 10.0
    boredom: AtLeastZero = 0.6
    repeat: AtLeastZero = 0.5
    mood_step: Share = 0.15
    usual_reward: Annotated[float, Field(gt=0.0)] = 0.045
    mood_sessions: AtLeastZero = 0.5
    leaving: Share = 0.004
    mood_leaving: AtLeastZero = 2.0
    query_share: Share = 0.08
    max_pages: Annotated[int, Field(ge=1, le=100)] = 8
    organic_purchase: Share = 0.004
    shopping_list: Annotated[int, Field(ge=0, le=100)] = 5
    picks: Annotated[int, Field(ge=0, le=50)] = 5


class WorldConfig(_Knobs):
    """A whole world; the same settings give the same world, byte for byte.

    Attributes:
        start_ms: midnight UTC of the first day.
        slate: items on a page.
    """

    seed: Annotated[int, Field(ge=0, lt=2**62)] = 7
    start_ms: Annotated[int, Field(ge=0, lt=4_000_000_000_000)] = 1_767_571_200_000
    days: Annotated[int, Field(ge=1, le=3_650)] = 14
    slate: Annotated[int, Field(ge=1, le=200)] = 25
    items: ItemsConfig = ItemsConfig()
    people: PeopleConfig = PeopleConfig()
    behaviour: BehaviourConfig = BehaviourConfig()

    @model_validator(mode="after")
    def _fits(self) -> "WorldConfig":
        if self.people.count * self.items.count > MAX_CELLS:
            raise ValueError(
                f"{self.people.count:,} people and {self.items.count:,} items are more than "
                f"{MAX_CELLS:,} pairs; take fewer of either"
            )
        if self.slate > self.items.count:
            raise ValueError(f"a slate of {self.slate} does not fit a catalogue of {self.items.count} items")
        return self
