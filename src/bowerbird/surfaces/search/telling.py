"""This file is about telling: what a person reads above the hits, and why each one is there."""

from collections.abc import Callable

from bowerbird.blend import Reason
from bowerbird.retrieve.cutoff import Verdict
from bowerbird.surfaces.search.seeking import BY_LOOK, BY_WORDS, BY_WORDS_NEARLY, Found
from bowerbird.surfaces.search.types import Query

MAX_QUOTED_CHARS = 80
LIKELY = 0.2
"""From this probability on, a hit is said to look like the picture, or to fit the words."""


def message(query: Query, verdict: Verdict, hits: int) -> str:
    """The sentence above the hits; empty where they speak for themselves."""
    if verdict == "found" and hits:
        return ""
    wanted = _wanted(query)
    if not hits:
        return f"Nothing here matches {wanted}." if query.words else f"Nothing here looks like {wanted}."
    return f"Nothing here matches {wanted} well. The nearest there is:"


def reason(query: Query, found: Found, row: int, title_of: Callable[[int], str]) -> Reason:
    """Why a hit is there, by what says most for it; likeness is claimed only where it is probable."""
    source = int(found.sources[row])
    is_alike, fits = found.by_look[row] >= LIKELY, found.by_words[row] >= LIKELY
    if is_alike and fits:
        return Reason(
            "looks_like",
            f"Looks like {_picture(query, title_of)}, and fits {_quoted(query.words)}",
            _led(query),
        )
    if source == BY_LOOK and not is_alike:
        text = f"Comes nearest to {_picture(query, title_of)} in look"
        return Reason("looks_like", text, _led(query))
    if source == BY_LOOK:
        return Reason("looks_like", f"Looks like {_picture(query, title_of)}", _led(query))
    if source == BY_WORDS:
        return Reason("words", f"Has the words of {_quoted(query.words)}")
    if source == BY_WORDS_NEARLY:
        return Reason("words", _nearly(query))
    return Reason("words", f"Comes near {_quoted(query.words)} in meaning")


def _nearly(query: Query) -> str:
    """Without all words as typed: with a letter changed, or with a colour that the picture has."""
    if not (query.colours or query.refused):
        return f"Has words like {_quoted(query.words)}"
    by = "words and colours" if query.rest else "colours"
    return f"Fits {_quoted(query.words)} by its {by}"


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
