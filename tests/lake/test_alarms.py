"""Deadlines that one thread watches."""

import threading
import time

from bowerbird.lake.alarms import Alarms


def test_alarm_goes_off_when_its_time_has_come_and_no_sooner() -> None:
    alarms, rang = Alarms(), threading.Event()
    started_s = time.monotonic()

    alarm = alarms.set(0.2, rang.set)

    assert rang.wait(10)
    assert time.monotonic() - started_s >= 0.2
    assert alarm.went_off
    alarms.close()


def test_alarm_that_was_taken_back_does_not_go_off() -> None:
    alarms, rang, later = Alarms(), threading.Event(), threading.Event()

    early = alarms.set(0.1, rang.set)
    alarms.take_back(early)
    alarms.set(0.3, later.set)

    assert later.wait(10)
    assert not rang.is_set()
    assert not early.went_off
    alarms.close()


def test_alarms_go_off_by_their_times_and_not_in_the_order_they_were_set() -> None:
    alarms, order, done = Alarms(), [], threading.Event()

    alarms.set(0.4, lambda: (order.append("late"), done.set()))
    alarms.set(0.1, lambda: order.append("soon"))

    assert done.wait(10)
    assert order == ["soon", "late"]
    alarms.close()


def test_many_alarms_need_one_thread_and_leave_none() -> None:
    before = threading.active_count()
    alarms = Alarms()

    for _ in range(1_000):
        alarms.take_back(alarms.set(60.0, lambda: None))

    assert threading.active_count() == before + 1
    alarms.close()
    assert threading.active_count() == before
