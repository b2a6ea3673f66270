"""This file is about telling: what a person reads above the hits, and why each one is there."""

from collections.abc import Callable

from bowerbird.blend import Reason
from bowerbird.retrieve.cutoff import Verdict
from bowerbird.surfaces.search.seeking import BY_LOOK, BY_WORDS, BY_WORDS_NEARLY
from bowerbird.surfaces.search.types import Query

MAX_QUOTED_CHARS = 80


def message(query: Query, verdict: Verdict, hits: int) -> str:
    """The sentence above the hits; empty where they speak for themselves."""
    if verdict == "found" and hits:
        return ""
    wanted = _wanted(query)
    if not hits:
        return f"Nothing here matches {wanted}." if query.words else f"Nothing here looks like {wanted}."
    return f"Nothing here matches {wanted} well. The nearest there is:"


def reason(query: Query, source: int, title_of: Callable[[int], str]) -> Reason:
    """Why a hit is there, by what says most for it."""
    if query.look is not None and query.words:
        return Reason(
            "looks_like",
            f"Looks like {_picture(query, title_of)}, and fits {_quoted(query.words)}",
            _led(query),
        )
    if source == BY_LOOK:
        return Reason("looks_like", f"Looks like {_picture(query, title_of)}", _led(query))
    if source == BY_WORDS:
        return Reason("words", f"Has the words of {_quoted(query.words)}")
    if source == BY_WORDS_NEARLY:
        is_by_colour = bool(query.colours or query.refused)
        fits = f"Fits {_quoted(query.words)} by its words and colours"
        return Reason("words", fits if is_by_colour else f"Has words like {_quoted(query.words)}")
    return Reason("words", f"Comes near {_quoted(query.words)} in meaning")


def _wanted(query: Query) -> str:
    if query.look is None:
        return _quoted(query.words)
    picture = "the marked part" if query.region is not None else "this picture"
    return f"{picture} and {_quoted(query.words)}" if query.words else picture


def _picture(query: Query, title_of: Callable[[int], str]) -> str:
    if query.region is not None:
        return "the part you marked"
    if query.item_number is None:
        return "your picture"
    title = title_of(query.item_number).strip()
    return _quoted(title) if title else "the picture you chose"


def _led(query: Query) -> tuple[int, ...]:
    return () if query.item_number is None else (query.item_number,)


def _quoted(text: str) -> str:
    return f"‘{text if len(text) <= MAX_QUOTED_CHARS else text[: MAX_QUOTED_CHARS - 1].rstrip() + '…'}’"
