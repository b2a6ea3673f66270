"""Takes the items and the words of boards, gives one learnt vector for each board."""

from bowerbird.taste.boards.config import BoardConfig
from bowerbird.taste.boards.served import ServedBoards
from bowerbird.taste.boards.sets import BoardSets, sets_at

__all__ = ["BoardConfig", "BoardSets", "ServedBoards", "sets_at"]
