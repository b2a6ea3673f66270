"""This file is about forgetting all people whose ids begin alike: those that a program made up, say.

They are not noted as forgotten, as a person who asks for it is: nobody would be protected by that, and the
same program may make them up again.
"""

from bowerbird.core.errors import InputError
from bowerbird.lake.forgetting.files import remove_training_tables
from bowerbird.lake.lake import OF_BEHAVIOUR, Lake

_SHORTEST = 3


def forget_people_with(lake: Lake, prefix: str) -> dict[str, int]:
    """Whoever's id begins with `prefix` is gone, with all that they did; gives how much of what.

    A server that runs meanwhile may hold what it has read until it is started again.

    Raises:
        InputError: the prefix is so short that it could be anybody's.
    """
    if len(prefix) < _SHORTEST:
        raise InputError(
            f"the prefix {prefix!r} was received; needed are at least {_SHORTEST} characters, so that nobody "
            "else is meant; give more of it"
        )
    records, counts = lake.records, {}
    counts["saves"], counts["boards"], counts["people"] = records.people.forget_with(prefix)
    counts["actions"] = lake.online.forget_with(prefix)
    counts["events"] = lake.events.forget_with(prefix)
    counts["requests"] = lake.requests.forget_with(prefix)
    for derived in OF_BEHAVIOUR:
        (lake.path / derived).unlink(missing_ok=True)
    remove_training_tables(lake)
    return counts
