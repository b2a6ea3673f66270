"""Colours in words: which texts ask for which colours."""

import numpy as np
import pytest

from bowerbird.encode.colour_block import wanted_colours, with_colours
from bowerbird.encode.colour_words import colour_target, split_words
from bowerbird.lake.colours import NAMED_COLOURS


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("a red car", ("red",)),
        ("Burgundy dress", ("maroon",)),
        ("navy blue shirt", ("navy",)),
        ("navy-blue shirt", ("navy",)),
        ("sky blue sofa", ("blue",)),
        ("off white rug", ("white", "cream")),
        ("a charcoal suit", ("grey", "black")),
        ("khaki trousers", ("beige", "olive")),
        ("black and white cat", ("black", "white")),
        ("olive jacket", ("olive",)),
        ("a dress in cream", ("cream",)),
        ("dusty rose skirt", ("pink",)),
        ("peach coloured curtains", ("orange", "pink")),
        ("an orange", ()),
        ("orange juice", ()),
        ("olive oil", ()),
        ("ice cream cone", ()),
        ("a rose garden", ()),
        ("goldfish", ()),
        ("redwood forest", ()),
        ("", ()),
    ],
)
def test_text_asks_for_these_colours(text: str, colours: tuple[str, ...]) -> None:
    assert split_words(text).colours == colours


def test_rest_is_the_text_without_its_colours() -> None:
    assert split_words("Blue jeans for women").rest == "jeans for women"
    assert split_words("Jeans for women").rest == "Jeans for women"


def test_refused_colours_are_kept_apart() -> None:
    said = split_words("shoes, not red but blue")

    assert said.colours == ("blue",)
    assert said.refused == ("red",)


def test_targets_share_one_between_the_colours() -> None:
    target = colour_target("black and white cat")

    assert target.sum() == pytest.approx(1)
    assert target[NAMED_COLOURS.index("black")] == pytest.approx(0.5)
    assert not colour_target("a cat").any()


def test_neighbouring_colour_is_nearer_than_another() -> None:
    wanted = wanted_colours("blue")
    one_each = np.eye(len(NAMED_COLOURS), dtype=np.float32)
    match = {name: float(wanted @ one_each[row]) for row, name in enumerate(NAMED_COLOURS)}

    assert match["blue"] > match["navy"] > match["red"]


def test_refused_colour_counts_against() -> None:
    assert wanted_colours("shoes without red")[NAMED_COLOURS.index("red")] < 0


def test_block_keeps_every_row_at_unit_length() -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(len(NAMED_COLOURS)), 5)

    rows = with_colours(rng.normal(size=(5, 8)), shares, 0.2)

    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
