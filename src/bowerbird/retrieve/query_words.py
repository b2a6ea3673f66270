"""This file is about the words of a search as people type them, made fit for a word index."""

import unicodedata

MAX_WORDS = 24
MAX_CHARS = 400
_FILLERS = (
    "a an and are as at be but by for from i in is it like looking me my of on or some something that the "
    "this to want with without"
)
_FILLER_WORDS = frozenset(_FILLERS.split())


def query_words(text: str) -> tuple[str, ...]:
    """The words to look for, in order, each once; all kinds of script, no operators.

    English filler words are left out unless there is nothing else. What is longer than a search by a person
    can be is cut off: the end of a pasted article says no more about what is looked for.
    """
    shown = unicodedata.normalize("NFKC", text[: 4 * MAX_CHARS])
    plain = "".join(letter if _belongs_to_word(letter) else " " for letter in shown)
    said = (word for word in plain[:MAX_CHARS].lower().split() if any(map(str.isalnum, word)))
    words = tuple(dict.fromkeys(said))[:MAX_WORDS]
    return tuple(word for word in words if word not in _FILLER_WORDS) or words


def _belongs_to_word(letter: str) -> bool:
    # Letters, marks (accents, vowels of Indic scripts) and digits.
    return unicodedata.category(letter)[0] in "LMN"
