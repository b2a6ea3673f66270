"""This file is about splitting a table by time, so that nothing of the test is known to what is trained."""

import numpy as np

from bowerbird.core.errors import InputError


def split_by_time(
    at_ms: np.ndarray, *, test_from_ms: int, window_ms: int, test_until_ms: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Bool [R] which requests are trained from, and which are tested on.

    Between them lies the label window: a request whose labels may come after the test begins is in neither,
    since its labels tell what people did during the test.

    Raises:
        InputError: a part is empty.
    """
    train = at_ms + window_ms <= test_from_ms
    test = at_ms >= test_from_ms
    if test_until_ms is not None:
        test &= at_ms < test_until_ms
    if not train.any() or not test.any():
        raise InputError(
            f"a split at {test_from_ms} leaves {int(train.sum()):,} requests to train from and "
            f"{int(test.sum()):,} to test on; needed is at least one of each; choose another time"
        )
    return train, test
