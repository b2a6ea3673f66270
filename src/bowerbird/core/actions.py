"""This file is about what people do: every action that an event can carry."""

from enum import StrEnum


class Action(StrEnum):
    """One thing that happened between a person and an item, board, query or page."""

    IMPRESSION = "impression"  # at least half of it was on the screen for at least a second
    CLOSEUP = "closeup"  # opened in Bowerbird
    CLICK = "click"  # followed the link out
    LONG_CLICK = "long_click"  # and stayed away for 35 s or more
    DWELL = "dwell"  # stayed on the close-up for `dwell_ms`
    SAVE = "save"
    UNSAVE = "unsave"
    MOVE = "move"  # from one board or section to another
    HIDE = "hide"
    UNHIDE = "unhide"
    SEE_FEWER = "see_fewer"
    SEE_MORE = "see_more"
    PICK = "pick"  # chosen at the first visit
    REPORT = "report"
    SHARE = "share"
    DOWNLOAD = "download"
    SCREENSHOT = "screenshot"
    REACT = "react"
    COMMENT = "comment"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    SEARCH = "search"
    VISUAL_SEARCH = "visual_search"
    ADD_TO_CART = "add_to_cart"
    PURCHASE = "purchase"
    BOARD_CREATE = "board_create"
    BOARD_DELETE = "board_delete"


ACTION_CODES: dict[Action, int] = {action: code for code, action in enumerate(Action)}
"""Small integers for columns; stored, so new actions go at the end of `Action`."""

INTEREST_WEIGHTS: dict[Action, float] = {
    Action.SAVE: 1.0,
    Action.PICK: 1.0,
    Action.PURCHASE: 1.0,
    Action.ADD_TO_CART: 0.8,
    Action.DOWNLOAD: 0.6,
    Action.SHARE: 0.6,
    Action.LONG_CLICK: 0.6,
    Action.SEE_MORE: 0.6,
    Action.REACT: 0.5,
    Action.CLICK: 0.4,
    Action.CLOSEUP: 0.25,
}
"""How strongly one action says "I like this"; the others say nothing or the opposite."""
