"""This file is about reasons: one true sentence for each placement, from what really led to it."""

from collections.abc import Callable

from bowerbird.blend import Reason, ReasonKind
from bowerbird.core.actions import ACTION_CODES, Action

TitleOf = Callable[[int], str]
MAX_TITLE_CHARS = 60

_SAID: dict[int, tuple[ReasonKind, str]] = {
    ACTION_CODES[Action.SAVE]: ("saved", "Because you saved"),
    ACTION_CODES[Action.PICK]: ("picked", "Because you picked"),
    ACTION_CODES[Action.PURCHASE]: ("viewed", "Because you bought"),
    ACTION_CODES[Action.ADD_TO_CART]: ("viewed", "Because you put in your cart"),
    ACTION_CODES[Action.DOWNLOAD]: ("viewed", "Because you downloaded"),
    ACTION_CODES[Action.SHARE]: ("viewed", "Because you shared"),
    ACTION_CODES[Action.SEE_MORE]: ("viewed", "Because you want more like"),
    ACTION_CODES[Action.REACT]: ("viewed", "Because you reacted to"),
    ACTION_CODES[Action.LONG_CLICK]: ("viewed", "Because you visited"),
    ACTION_CODES[Action.CLICK]: ("viewed", "Because you visited"),
    ACTION_CODES[Action.CLOSEUP]: ("viewed", "Because you looked at"),
}


def from_liked(number: int, action: int, title_of: TitleOf) -> Reason:
    """Led here by an item that the person did something with."""
    kind, said = _SAID[action]
    return Reason(kind, f"{said} {named(number, title_of)}", (number,))


def expected(number: int, title_of: TitleOf) -> Reason:
    """Led here by a trained model, from what the person did, the newest of it with this item."""
    return Reason("expected", f"May be next for you, after {named(number, title_of)}", (number,))


def near_taste(number: int, title_of: TitleOf) -> Reason:
    """Led here by the trained taste space, where it lies nearest to this one of what the person liked."""
    return Reason("taste", f"Close to your taste for {named(number, title_of)}", (number,))


def popular(people: int, days: float) -> Reason:
    """Led here by other people's saves."""
    lately = "this week" if days == 7 else f"in the last {days:g} days"
    return Reason("popular", f"Popular {lately}: {people:,} people saved it")


def fresh(age_days: float) -> Reason:
    """Led here by its newness."""
    if age_days < 1:
        return Reason("fresh", "New here: added today")
    days = int(age_days)
    return Reason("fresh", f"New here: added {days} {'day' if days == 1 else 'days'} ago")


def explore(category: str) -> Reason:
    """Led here by chance."""
    return Reason("explore", f"Something from ‘{category}’" if category else "Something to discover")


def seen_before() -> Reason:
    """Shown again, since everything new has been shown."""
    return Reason("explore", "You have seen everything new; here it is again")


def looks_like(number: int, title_of: TitleOf) -> Reason:
    """Led here by how an item looks."""
    return Reason("looks_like", f"Looks like {named(number, title_of)}", (number,))


def words_like(number: int, title_of: TitleOf) -> Reason:
    """Led here by what an item is."""
    return Reason("words", f"Is something like {named(number, title_of)}", (number,))


def named(number: int, title_of: TitleOf) -> str:
    """The item's title in quotes, cut to a readable length."""
    title = title_of(number).strip()
    if not title:
        return "a picture without a title"
    return f"‘{title if len(title) <= MAX_TITLE_CHARS else title[: MAX_TITLE_CHARS - 1].rstrip() + '…'}’"
