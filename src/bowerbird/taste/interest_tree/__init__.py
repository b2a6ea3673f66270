"""Takes items, actions and wishes, gives a tree of interests and how much each is a person's."""

from bowerbird.taste.interest_tree.config import TreeConfig
from bowerbird.taste.interest_tree.keeping import load_tree, save_tree
from bowerbird.taste.interest_tree.leaning import truest_leaning
from bowerbird.taste.interest_tree.making import refreshed_tree
from bowerbird.taste.interest_tree.profile import Done, Leaning, Profile, faded, of_everybody, profile_of
from bowerbird.taste.interest_tree.queries import QueryInterests, QueryTold, found_by, query_interests
from bowerbird.taste.interest_tree.reading import ProfileReader, done_by, said_by
from bowerbird.taste.interest_tree.scores import Calibration, chances, of_items
from bowerbird.taste.interest_tree.sensitive import targetable
from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.interest_tree.wanted import Wanted, WantedNow
from bowerbird.taste.interest_tree.wishes import Said, Wish, Wishes, unwanted, wishes_at

__all__ = [
    "Calibration",
    "Done",
    "InterestTree",
    "Leaning",
    "Profile",
    "ProfileReader",
    "QueryInterests",
    "QueryTold",
    "Said",
    "TreeConfig",
    "Wanted",
    "WantedNow",
    "Wish",
    "Wishes",
    "chances",
    "done_by",
    "faded",
    "found_by",
    "load_tree",
    "of_everybody",
    "of_items",
    "profile_of",
    "query_interests",
    "refreshed_tree",
    "said_by",
    "save_tree",
    "targetable",
    "truest_leaning",
    "unwanted",
    "wishes_at",
]
