"""This file is about actions in exports: other systems have words of their own for what people do."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from bowerbird.core.actions import Action
from bowerbird.core.errors import ConfigError
from bowerbird.lake.importing.types import Cell, RowError

_WORDS: dict[Action, str] = {
    Action.IMPRESSION: "impression exposure exposed show shown view_list",
    Action.CLOSEUP: "read view viewed open opened closeup visit watch detail",
    Action.CLICK: "click clicked inter interaction play",
    Action.REACT: "like liked star starred upvote thumbs_up rating rate",
    Action.SAVE: "save saved favorite favourite bookmark collect pin wishlist",
    Action.SHARE: "share shared repost",
    Action.COMMENT: "comment review reply",
    Action.ADD_TO_CART: "cart add_to_cart addtocart basket",
    Action.PURCHASE: "purchase purchased buy bought order transaction checkout",
    Action.DOWNLOAD: "download",
    Action.FOLLOW: "follow subscribe",
    Action.HIDE: "hide dislike block",
    Action.SEE_FEWER: "not_interested downvote thumbs_down",
}
_LIKED_SHARE = Decimal("0.8")


class Acting:
    """Which action a word of an export is."""

    def __init__(self, given: Mapping[str, str]) -> None:
        """`given` is word → action, before any word that is known.

        Raises:
            ConfigError: it names an action that there is not.
        """
        self._action_of = {word: action for action, words in _WORDS.items() for word in words.split()}
        for word, name in given.items():
            if name not in set(Action):
                known = ", ".join(Action)
                raise ConfigError(f"--action {word}={name} was received; needed is one of {known}; say one")
            self._action_of[_key(word)] = Action(name)

    def of(self, word: str) -> Action:
        """The action.

        Raises:
            RowError: the word is not known.
        """
        found = self._action_of.get(_key(word))
        if found is None:
            raise RowError(
                f"what {word[:40]!r} means is not known",
                field="action",
                code="unknown-action",
                hint=f"say it with --action {word[:40]}=click, or another action",
                received=word,
            )
        return found


def liked(rating: Decimal, highest: Decimal) -> bool:
    """Whether a rating says that somebody liked something: at least four fifths of the highest."""
    return rating >= _LIKED_SHARE * highest


def rating_of(value: Cell) -> Decimal | None:
    """A rating; None where there is none.

    Raises:
        RowError: it is no number.
    """
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    try:
        rating = Decimal(text)
    except InvalidOperation:
        rating = Decimal("NaN")
    if not rating.is_finite():
        raise RowError(
            "the rating is no number",
            field="rating",
            code="bad-rating",
            hint="write a number",
            received=value,
        )
    return rating


def _key(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
