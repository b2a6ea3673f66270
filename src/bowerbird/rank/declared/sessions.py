"""This file is about sessions on the stream: what a person did without a pause of half an hour.

A session is an interval of time; an event that comes late joins the intervals that it lies near, so that the
order of arrival changes nothing. Sessions that ended two days before the newest one are dropped: what comes
later still cannot reach over them, unless a session lasts so long.
"""

import itertools

import numpy as np

from bowerbird.rank.declared.definitions import DAY_MS, SESSION_GAP_MS

KEPT_MS = 2 * DAY_MS

_Session = list[int]  # start, end, then a count for each tally


class Sessions:
    """The newest sessions of each person, oldest first."""

    def __init__(self, tallies: int) -> None:
        self._tallies = tallies
        self._of: dict[int, list[_Session]] = {}

    def add(self, persons: np.ndarray, at_ms: np.ndarray, counts: np.ndarray) -> None:
        """Events are in their sessions.

        Args:
            counts: [E, tallies] 1 where an event counts.
        """
        for person, at, count in zip(persons.tolist(), at_ms.tolist(), counts.tolist(), strict=True):
            theirs = self._of.setdefault(person, [])
            newest = theirs[-1] if theirs else None
            if newest is None or at > newest[1] + SESSION_GAP_MS:
                theirs.append([at, at, *count])
                while theirs[0][1] < at - KEPT_MS:
                    del theirs[0]
            elif at >= newest[0]:
                newest[1] = max(newest[1], at)
                for place, one in enumerate(count, start=2):
                    newest[place] += one
            elif at >= newest[1] - KEPT_MS:
                self._of[person] = _with(theirs, [at, at, *count])

    def read(self, person: int, t_ms: int) -> list[int]:
        """[tallies] counts of the session that goes on at t; zeros where none does."""
        theirs = self._of.get(person)
        if not theirs or t_ms - theirs[-1][1] > SESSION_GAP_MS:
            return [0] * self._tallies
        return theirs[-1][2:]

    def rows(self) -> np.ndarray:
        """int64 [sessions, 3 + tallies] person, start, end, counts; oldest first for each person."""
        told = [[person, *each] for person, theirs in self._of.items() for each in theirs]
        return np.array(told, np.int64).reshape(-1, 3 + self._tallies)

    @classmethod
    def of_rows(cls, rows: np.ndarray) -> "Sessions":
        """Those that `rows` gave."""
        made = cls(rows.shape[1] - 3)
        for person, theirs in itertools.groupby(rows.tolist(), key=lambda row: int(row[0])):
            made._of[person] = [row[1:] for row in theirs]
        return made


def _with(sessions: list[_Session], late: _Session) -> list[_Session]:
    """Sessions with one more event in them: what lies near it becomes one with it."""
    apart: list[_Session] = []
    for each in sessions:
        if each[0] - SESSION_GAP_MS <= late[1] and late[0] <= each[1] + SESSION_GAP_MS:
            counts = [one + other for one, other in zip(each[2:], late[2:], strict=True)]
            late = [min(each[0], late[0]), max(each[1], late[1]), *counts]
        else:
            apart.append(each)
    return sorted([*apart, late])
