"""This file is about checking the state that serves: counted anew out of the log, for some people.

The replay of a day (`parity.py`) says that both paths agree. This says that the state which has been kept up
for weeks, saved, opened and forgotten from, still is what the log says.
"""

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.rank.declared.batch import Rows, batch
from bowerbird.rank.declared.definitions import FEATURES, Owner
from bowerbird.rank.declared.keeping import Kept
from bowerbird.rank.declared.parity import compared
from bowerbird.rank.skew import FieldSkew

_ITEMS_EACH = 20


def checked(lake: Lake, catalogue: Catalogue, kept: Kept, most_people: int) -> tuple[FieldSkew, ...]:
    """Features of some people with the items that they acted on last: as the state has them and the log.

    Nobody counts meanwhile. What all people did with an item is not among them: all of the log tells of that.
    The people are spread evenly over those that are known, and others each time the log has grown.
    """
    ids = [id_ for id_ in kept.known.people.all() if id_]
    if not ids:
        return ()
    step = max(len(ids) // most_people, 1)
    some = ids[kept.offset % step :: step][:most_people]
    events = kept.known.arrivals(lake.events.of_people(some, until=kept.offset), catalogue)
    now_ms = max(lake.clock.now_ms(), int(events.at_ms.max(initial=0)) + 1)
    rows = [
        (person, item)
        for person in kept.known.people.found(some).tolist()
        for item in np.unique(events.items[events.persons == person][-_ITEMS_EACH:]).tolist()
    ]
    persons, items = np.array(rows, np.int64).reshape(-1, 2).T
    again = batch(events, Rows(persons, items, np.full(len(rows), now_ms)), kept.known.sides)
    state = [kept.stream.read(person, np.array([item]), kept.known.sides, now_ms)[0] for person, item in rows]
    own = [place for place, each in enumerate(FEATURES) if each.tally.owner is not Owner.ITEM]
    names = [FEATURES[place].name for place in own]
    return compared(names, np.array(state).reshape(-1, len(FEATURES))[:, own], again[:, own])
