"""This file is about the kinds of retrievers that count, by the word that names them."""

from bowerbird.retrieve.counting.content import content_settings, fit_content
from bowerbird.retrieve.counting.item_knn import fit_item_knn, item_knn_settings
from bowerbird.retrieve.counting.item_words import fit_item_words, item_words_settings
from bowerbird.retrieve.counting.popularity import fit_popularity, popularity_settings
from bowerbird.retrieve.counting.transitions import fit_transitions, transitions_settings
from bowerbird.retrieve.counting.tuning import Kind
from bowerbird.retrieve.counting.walk import fit_walk, walk_settings

COUNTING_KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("popularity", popularity_settings, fit_popularity),
        Kind("transitions", transitions_settings, fit_transitions),
        Kind("item-knn", item_knn_settings, fit_item_knn),
        Kind("walk", walk_settings, fit_walk, has_chance=True),
        Kind("bm25", item_words_settings, fit_item_words),
        Kind("content", content_settings, fit_content),
    )
}
