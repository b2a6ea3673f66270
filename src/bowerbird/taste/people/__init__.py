"""Takes what people did, gives one dense vector for each of them."""

from bowerbird.taste.people.config import PeopleConfig
from bowerbird.taste.people.histories import Past, past_at
from bowerbird.taste.people.served import ServedPeople

__all__ = ["Past", "PeopleConfig", "ServedPeople", "past_at"]
