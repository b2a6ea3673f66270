"""Takes events in order of arrival, gives features of behaviour: one list, carried out in two ways."""

from bowerbird.rank.declared.arrivals import Arrivals, Sides, arrivals
from bowerbird.rank.declared.batch import Rows, batch
from bowerbird.rank.declared.definitions import FEATURES, NAMES, NEVER, VERSION, Feature, Kind, Owner
from bowerbird.rank.declared.following import LiveBehaviour
from bowerbird.rank.declared.parity import TOLERANCE, ParityReport, parity
from bowerbird.rank.declared.stream import Stream

__all__ = [
    "FEATURES",
    "NAMES",
    "NEVER",
    "TOLERANCE",
    "VERSION",
    "Arrivals",
    "Feature",
    "Kind",
    "LiveBehaviour",
    "Owner",
    "ParityReport",
    "Rows",
    "Sides",
    "Stream",
    "arrivals",
    "batch",
    "parity",
]
