"""This file is about behaviour features while serving: kept up with the log, and now and then checked."""

import logging
from collections.abc import Iterator

from bowerbird.rank.declared import LiveBehaviour
from bowerbird.rank.skew import FieldSkew
from bowerbird.serve.metrics import Reading
from bowerbird.serve.workers import Repeater

log = logging.getLogger(__name__)

PEOPLE_A_LOOK = 50


_FOLLOW_EVERY_S, _RESTS = 1.0, 5.0


def follower_of(behaviour: LiveBehaviour) -> Repeater:
    """What keeps the state up with the log, as often as it is poked.

    As eager as a request: what somebody did is to be known to their next page. But many small batches of
    events cost many times what a few large ones do, and a busy server has better uses for it: so it rests.
    """
    return Repeater("behaviour", behaviour.follow, every_s=_FOLLOW_EVERY_S, niceness=0, rests=_RESTS)


class BehaviourWatch:
    """What the last look at the state found."""

    def __init__(self, behaviour: LiveBehaviour) -> None:
        self._behaviour = behaviour
        self._fields: tuple[FieldSkew, ...] = ()

    def look(self) -> tuple[FieldSkew, ...]:
        """Some people's features, counted anew out of the log; an alarm in the log where one differs."""
        before = {each.name for each in self._fields if each.differing}
        self._fields = self._behaviour.check(PEOPLE_A_LOOK)
        for each in self._fields:
            if each.differing and each.name not in before:
                facts = {"feature": each.name, "rate": round(each.rate, 4), "largest": each.largest}
                log.error("behaviour features differ", extra={**facts, "next": "bowerbird rank parity"})
        return self._fields

    def readings(self) -> Iterator[Reading]:
        """What to show in the metrics."""
        text = "Counters of behaviour features in memory"
        yield "bowerbird_behaviour_bytes", text, {}, float(self._behaviour.size_bytes)
        if self._fields:
            text = "Behaviour features of which a value is not what the log says"
            yield "bowerbird_behaviour_differing", text, {}, float(sum(f.differing > 0 for f in self._fields))
