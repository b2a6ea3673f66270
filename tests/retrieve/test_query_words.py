import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.retrieve.query_words import MAX_CHARS, MAX_WORDS, query_words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Blue velvet ARMCHAIR", ("blue", "velvet", "armchair")),
        ('"blue" AND (velvet OR -chair)*', ("blue", "velvet", "chair")),
        ("a lamp for the kitchen", ("lamp", "kitchen")),
        ("the", ("the",)),
        ("lámpara", ("lámpara",)),
        ("青い椅子", ("青い椅子",)),
        ("кресло, лампа", ("кресло", "лампа")),
        ("สีแดง", ("สีแดง",)),
        ("blue blue blue", ("blue",)),
        ("ｌａｍｐ", ("lamp",)),
        ("❤️ 🪑", ()),
        ("' ; \x00 \\ --", ()),
        ("", ()),
        ("   ", ()),
    ],
)
def test_words_are_what_a_person_means_to_look_for(typed: str, words: tuple[str, ...]) -> None:
    assert query_words(typed) == words


@given(st.text(max_size=2_000))
def test_any_text_gives_few_short_plain_words(typed: str) -> None:
    words = query_words(typed)

    assert len(words) <= MAX_WORDS
    assert sum(map(len, words)) <= 4 * MAX_CHARS
    assert all(word.strip() and len(word.split()) == 1 for word in words)
    assert len(set(words)) == len(words)


def test_ten_thousand_letters_are_cut_to_what_a_search_can_be() -> None:
    assert sum(map(len, query_words("velvet " * 1_500 + "x" * 10_000))) <= MAX_CHARS
