"""This file is about the kinds of retrievers that count, by the word that names them."""

from bowerbird.retrieve.counting.popularity import fit_popularity, popularity_settings
from bowerbird.retrieve.counting.transitions import fit_transitions, transitions_settings
from bowerbird.retrieve.counting.tuning import Kind

COUNTING_KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("popularity", popularity_settings, fit_popularity),
        Kind("transitions", transitions_settings, fit_transitions),
    )
}
