import numpy as np

from bowerbird.core.filters import Eq
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.exact_index import ExactIndex
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.recall_monitor import RecallMonitor

VECTORS = np.random.default_rng(1).normal(size=(600, 16)).astype(np.float32)
NUMBERS = np.arange(600)


def test_exact_index_is_seen_to_find_everything() -> None:
    index = ExactIndex(16)
    index.upsert(NUMBERS, VECTORS, [{"kind": "a"}] * 600)
    monitor = RecallMonitor(every=1)
    for vector in VECTORS[:5]:
        monitor.observe(vector[None])
    monitor.observe(VECTORS[:1], Eq("kind", "a"))

    assert monitor.report().waiting == 6
    assert monitor.check(index) == 6

    report = monitor.report()
    assert (report.recall, report.worst, report.checked, report.waiting) == (1.0, 1.0, 6, 0)


def test_index_that_looks_at_too_little_is_seen_to_miss_items() -> None:
    config = IndexConfig(flat_below_items=0, rows_per_list=8, calibration_queries=64)
    index = FaissIndex.build(NUMBERS, VECTORS, config=config)
    monitor = RecallMonitor(every=1)
    for vector in VECTORS[:60]:
        monitor.observe(-vector[None], effort=0.1)

    monitor.check(index, limit=60)

    assert monitor.report().recall < 0.9


def test_only_one_query_of_so_many_is_kept_and_waiting_ones_are_bounded() -> None:
    monitor = RecallMonitor(every=10, room=4)
    for _ in range(200):
        monitor.observe(VECTORS[:1])

    assert monitor.report().waiting == 4


def test_queries_of_another_space_are_passed_over() -> None:
    monitor = RecallMonitor(every=1)
    monitor.observe(np.zeros((1, 3), dtype=np.float32))
    index = ExactIndex(16)
    index.upsert(NUMBERS, VECTORS)

    monitor.check(index)

    assert monitor.report().checked == 0


def test_compared_queries_can_calibrate_an_index() -> None:
    monitor = RecallMonitor(every=1)
    index = FaissIndex.build(NUMBERS, VECTORS, config=IndexConfig(flat_below_items=0, rows_per_list=20))
    for vector in VECTORS[:30]:
        monitor.observe(vector[None])
    monitor.check(index, limit=30)

    before = index.probes(0.97)
    index.recalibrate(monitor.recent_queries())

    assert monitor.recent_queries().shape == (30, 16)
    assert index.probes(0.97) is not None or before is None


def test_report_before_the_first_check_has_no_figure() -> None:
    assert np.isnan(RecallMonitor().report().recall)
