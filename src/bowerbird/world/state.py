"""This file is about what changes in people while they look: what they have seen, tire of, and feel."""

from dataclasses import dataclass

import numpy as np

from bowerbird.world.config import BehaviourConfig
from bowerbird.world.draws import Stream, uniforms

_MOODS = (0.0, 2.5)


@dataclass(slots=True)
class State:
    """Columns by person.

    Attributes:
        seen: uint8 [P, N] how often each item was examined, up to 255.
        shown: bool [P, N] whether it was on a page at all: a server knows this.
        has_saved: bool [P, N].
        tired: float32 [P, T] examined items of each topic, fading.
        mood: float32 [P]; 1 is contented.
        is_gone: bool [P] left for good.
        busy_until_ms: int64 [P] when the last session ended.
    """

    seen: np.ndarray
    shown: np.ndarray
    has_saved: np.ndarray
    tired: np.ndarray
    mood: np.ndarray
    is_gone: np.ndarray
    busy_until_ms: np.ndarray

    @classmethod
    def fresh(cls, people: int, items: int, topics: int) -> "State":
        """Nobody has seen anything yet."""
        return cls(
            np.zeros((people, items), np.uint8),
            np.zeros((people, items), np.bool_),
            np.zeros((people, items), np.bool_),
            np.zeros((people, topics), np.float32),
            np.ones(people, np.float32),
            np.zeros(people, np.bool_),
            np.zeros(people, np.int64),
        )

    def remember(
        self, who: np.ndarray, slates: np.ndarray, topics: np.ndarray, examined: np.ndarray, saved: np.ndarray
    ) -> None:
        """What one page leaves in each of these people.

        Args:
            who: [B] different persons.
            slates: [B, S] items, -1 where there is none.
            topics: [N] of each item.
            examined, saved: [B, S].
        """
        row, place = np.nonzero(slates >= 0)
        self.shown[who[row], slates[row, place]] = True
        row, place = np.nonzero(examined)
        person, item = who[row], slates[row, place]
        counts = self.seen[person, item]
        self.seen[person, item] = np.where(counts < 255, counts + 1, counts)
        np.add.at(self.tired, (person, topics[item]), np.float32(1.0))
        row, place = np.nonzero(saved)
        self.has_saved[who[row], slates[row, place]] = True

    def rest(self, knobs: BehaviourConfig) -> None:
        """A day goes by."""
        self.tired *= np.float32(0.5 ** (1 / knobs.satiation_half_life_days))

    def leave(self, knobs: BehaviourConfig, seed: int, day: int) -> None:
        """Some have had enough; the worse their mood, the more of them."""
        chance = knobs.leaving * np.exp(knobs.mood_leaving * (1 - self.mood))
        draw = uniforms(seed, Stream.CHURN, np.arange(len(self.mood)), day)
        self.is_gone |= draw < chance

    def feel(self, who: np.ndarray, reward: np.ndarray, examined: np.ndarray, knobs: BehaviourConfig) -> None:
        """After a session: the mood goes a step towards what an examined item was worth, against the usual.

        Args:
            who: [B] different persons.
            reward, examined: [B] sums over the session.
        """
        looked = examined > 0
        who, found = who[looked], reward[looked] / examined[looked] / knobs.usual_reward
        # A short session says less than a long one.
        step = knobs.mood_step * np.minimum(examined[looked] / 20.0, 1.0)
        self.mood[who] = np.clip(self.mood[who] + step * (found - self.mood[who]), *_MOODS)
