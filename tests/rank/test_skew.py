"""Skew, field by field: what differs is counted, what cannot be made again is not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bowerbird.rank.skew import SkewReport, compared

NAMES = ("a", "b", "c")
shape = st.tuples(st.integers(0, 30), st.just(3))
matrices = arrays(np.float32, shape, elements=st.floats(0, 1, width=32))


@given(matrices)
def test_same_values_have_no_skew(served: np.ndarray) -> None:
    for field in compared(NAMES, served, served.copy(), 0.0):
        assert (field.differing, field.largest) == (0, 0.0)


@given(matrices, st.data())
def test_as_many_differ_as_were_changed(served: np.ndarray, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, max(len(served) - 1, 0)), unique=True, max_size=len(served)))
    again = served.copy()
    again[rows, 1] += 0.5
    a, b, c = compared(NAMES, served, again, 0.005)
    assert (a.differing, b.differing, c.differing) == (0, len(rows), 0)
    assert b.rate == (len(rows) / len(served) if len(served) else 0.0)


def test_column_that_cannot_be_made_again_is_not_compared_and_a_lost_number_differs() -> None:
    served = np.ones((4, 3), dtype=np.float32)
    again = served.copy()
    again[:, 0] = np.nan
    again[2, 1] = np.nan
    a, b, c = compared(NAMES, served, again, 0.005)
    assert (a.compared, b.compared, c.compared) == (0, 4, 4)
    assert (a.rate, b.rate, c.rate) == (0.0, 0.25, 0.0)
    report = SkewReport(1, {}, (a, b, c))
    assert [each.name for each in report.alarms(most_rate=0.01, least_compared=4)] == ["b"]
    assert report.alarms(most_rate=0.01, least_compared=5) == ()
    assert report.alarms(most_rate=0.3, least_compared=1) == ()
