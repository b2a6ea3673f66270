import numpy as np

from bowerbird.retrieve.near_duplicates import collapse


def far_apart(rows: int) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 2**62, rows)


def test_pictures_that_differ_are_all_kept() -> None:
    seen = collapse(far_apart(20))

    assert seen.keep.all()
    assert seen.leader.tolist() == list(range(20))


def test_of_equal_signatures_the_first_row_is_kept() -> None:
    one, other = far_apart(2)

    seen = collapse(np.array([one, other, one, one]))

    assert seen.keep.tolist() == [True, True, False, False]
    assert seen.behind(0).tolist() == [2, 3]
    assert seen.behind(1).tolist() == []


def test_signatures_within_the_bits_are_of_one_picture_and_beyond_are_not() -> None:
    seen = collapse(np.array([0b1, 0b111, 0b1 | (0xFF << 20)]), max_bits=2)

    assert seen.keep.tolist() == [True, False, True]


def test_missing_signatures_say_nothing() -> None:
    assert collapse(np.zeros(5, dtype=np.int64)).keep.all()


def test_negative_signatures_are_compared_as_bits() -> None:
    assert collapse(np.array([-1, -2]), max_bits=1).keep.tolist() == [True, False]


def test_vectors_that_point_the_same_way_are_of_one_picture() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.999, 0.0447], [0, 0], [0, 0]], dtype=np.float32)

    seen = collapse(np.zeros(5, dtype=np.int64), vectors)

    assert seen.keep.tolist() == [True, True, False, True, True]
    assert seen.leader[2] == 0


def test_row_stays_when_the_twin_before_it_goes() -> None:
    # b is a twin of a, c is a twin of b but not of a: dropping c too would lose a picture.
    a, b, c = 0b1, 0b111, 0b11111

    seen = collapse(np.array([a, b, c]), max_bits=2)

    assert seen.keep.tolist() == [True, False, True]


def test_no_rows_collapse_to_none() -> None:
    assert len(collapse(np.empty(0, dtype=np.int64)).keep) == 0
