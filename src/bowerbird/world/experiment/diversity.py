"""This file is about one question: what happens to saves when diversity is taken out of the feed?

Everybody is shown the diverse policy until tastes are learnt. Then, in a twin of the same world, it is
replaced by the same policy without its diversity: the same scores, the same luck. Nothing here says what
should follow, or when. It is due to satiation and mood, so the question is asked again with each of them
taken out of people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.world.choosing import VARIETY
from bowerbird.world.config import BehaviourConfig, ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.experiment.arms import Days, Estimate, days_of, estimate, lift
from bowerbird.world.policies import ChangingPolicy, SimilarPolicy
from bowerbird.world.simulation import simulate
from bowerbird.world.world import make_world

_CALM = {"satiation": 0.0, "boredom": 0.0}
_EVEN = {"mood_sessions": 0.0, "mood_leaving": 0.0}
PEOPLE_ARE: dict[str, dict[str, float]] = {
    "as they are": {},
    "never tired of a topic": _CALM,
    "of one mood": _EVEN,
    "neither": {**_CALM, **_EVEN},
}
"""Settings of behaviour: the world as it is, and without the mechanisms that the effect is due to."""


class DiversityConfig(BaseModel):
    """Size of the experiment.

    Attributes:
        warm_days: before diversity is taken out.
        days: after that.
        has_controls: also without satiation, without mood, and without both.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seeds: Annotated[int, Field(ge=2, le=200)] = 5
    first_seed: Annotated[int, Field(ge=0)] = 1_000
    people: Annotated[int, Field(ge=1)] = 300
    items: Annotated[int, Field(ge=100)] = 20_000
    warm_days: Annotated[int, Field(ge=0, le=365)] = 10
    days: Annotated[int, Field(ge=1, le=365)] = 21
    has_controls: bool = True

    @property
    def windows(self) -> dict[str, tuple[int, int]]:
        """First and last day of each, counted from when diversity is taken out."""
        known = {"days 1-2": (0, 1), "week 1": (0, 6), "week 2": (7, 13), "week 3": (14, 20)}
        return {name: ends for name, ends in known.items() if ends[1] < self.days}


@dataclass(frozen=True, slots=True)
class Answer:
    """What happened to one kind of people.

    Attributes:
        people_are: which of `PEOPLE_ARE`.
        saves: by window, how many more saves without diversity, as a share.
        impressions, hides: the same for what was looked at and hidden.
        saves_by_day: the same as `saves` for each day of the experiment, the warm days too.
    """

    people_are: str
    saves: dict[str, Estimate]
    impressions: dict[str, Estimate]
    hides: dict[str, Estimate]
    saves_by_day: list[Estimate]

    @property
    def rises_then_falls(self) -> bool:
        """More saves in the first two days and fewer in the second week, both beyond chance."""
        return self.saves["days 1-2"].is_up and "week 2" in self.saves and self.saves["week 2"].is_down


Tell = Callable[[str], object]


def ask(config: DiversityConfig, tell: Tell | None = None) -> list[Answer]:
    """The answers, for people as they are first."""
    kinds = list(PEOPLE_ARE) if config.has_controls else list(PEOPLE_ARE)[:1]
    answers = []
    for kind in kinds:
        pairs = []
        for number in range(config.seeds):
            if tell is not None:
                tell(f"people {kind}: seed {number + 1} of {config.seeds}")
            world = _config(config, config.first_seed + number, kind)
            pairs.append((_lived(world, config, 0.0), _lived(world, config, VARIETY)))
        answers.append(_answer(kind, config, pairs))
    return answers


def _config(config: DiversityConfig, seed: int, kind: str) -> WorldConfig:
    return WorldConfig(
        seed=seed,
        days=config.warm_days + config.days,
        people=PeopleConfig(count=config.people),
        items=ItemsConfig(count=config.items),
        behaviour=BehaviourConfig.model_validate(PEOPLE_ARE[kind]),
    )


def _lived(config: WorldConfig, asked: DiversityConfig, variety: float) -> Days:
    world = make_world(config)
    warm = SimilarPolicy(world.items, len(world.people), variety=VARIETY)
    then = SimilarPolicy(world.items, len(world.people), variety=variety)
    history = simulate(world, ChangingPolicy(warm, then, asked.warm_days))
    return days_of(history.log, config)


def _answer(kind: str, config: DiversityConfig, pairs: list[tuple[Days, Days]]) -> Answer:
    def over_windows(name: str) -> dict[str, Estimate]:
        return {
            window: estimate(
                [
                    lift(
                        getattr(changed, name),
                        getattr(usual, name),
                        *(config.warm_days + end for end in ends),
                    )
                    for changed, usual in pairs
                ]
            )
            for window, ends in config.windows.items()
        }

    by_day = [
        estimate([lift(changed.saves, usual.saves, day, day) for changed, usual in pairs])
        for day in range(config.warm_days + config.days)
    ]
    return Answer(kind, over_windows("saves"), over_windows("impressions"), over_windows("hides"), by_day)
