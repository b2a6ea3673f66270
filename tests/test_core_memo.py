from concurrent.futures import ThreadPoolExecutor

from bowerbird.core.memo import Memo


def test_longest_unused_result_goes_first() -> None:
    memo: Memo[str, int] = Memo(2)
    memo.keep("a", 1)
    memo.keep("b", 2)
    memo.get("a")
    memo.keep("c", 3)

    assert (memo.get("a"), memo.get("b"), memo.get("c")) == (1, None, 3)
    assert len(memo) == 2


def test_first_result_stays_where_two_threads_made_one() -> None:
    memo: Memo[str, int] = Memo(2)

    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(lambda value: memo.keep_first("a", value), range(100)))

    assert kept == {memo.get("a")}


def test_dropped_and_cleared_results_are_gone() -> None:
    memo: Memo[str, int] = Memo(4)
    memo.keep("a", 1)
    memo.keep("b", 2)
    memo.drop("a")
    memo.drop("never kept")

    assert memo.get("a") is None

    memo.clear()

    assert len(memo) == 0
