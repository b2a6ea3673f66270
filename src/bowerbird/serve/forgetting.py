"""This file is about forgetting while serving: gone when answered, and other servers' forgets followed."""

import logging
from collections.abc import Callable
from dataclasses import replace

from bowerbird.core.errors import NotFoundError
from bowerbird.lake.forgetting.purging import purge_records
from bowerbird.lake.forgetting.remaining import remains_of
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.forgetting.types import ForgetReport, Kind
from bowerbird.lake.lake import Lake
from bowerbird.serve.generations import LiveGeneration

log = logging.getLogger(__name__)

CLEAN_EVERY_S = 900.0
"""Forgotten people leave unused pages of the databases after this time at most, while a server runs."""


class Forgetting:
    """Forgets items, boards and people; knows who was forgotten."""

    def __init__(
        self,
        lake: Lake,
        generations: LiveGeneration,
        exclude_deleted: Callable[[], object],
        forget_behaviour: Callable[[str], object],
    ) -> None:
        """`exclude_deleted` takes what was deleted off every page; `forget_behaviour` drops a person's."""
        self._lake = lake
        self._generations = generations
        self._exclude_deleted = exclude_deleted
        self._forget_behaviour = forget_behaviour
        ledger = lake.records.forgotten
        self._seen = ledger.changes()
        self._purges = ledger.purges()
        self._people = ledger.hashes("person")

    def is_forgotten(self, person_id: str) -> bool:
        """Whether the person was forgotten, also by another process a moment ago."""
        return (
            bool(self._people) and self._lake.records.forgotten.hash_of("person", person_id) in self._people
        )

    def forget(self, kind: Kind, id_: str) -> ForgetReport:
        """Gone from every page and row when this returns; the report says what remains in files.

        Raises:
            NotFoundError: there is nothing under this id.
        """
        report = forget(self._lake, kind, [id_])
        if kind == "item":
            self._exclude_deleted()
        return self._with_remains(report, id_)

    def forget_person(self, person_id: str) -> ForgetReport:
        """The same for a person; where nothing was kept of one, nothing was to be done."""
        feed, ledger = self._generations.current.feed, self._lake.records.forgotten
        # First, so that what they are sending at this moment is nobody's.
        self._people |= {ledger.hash_of("person", person_id)}
        feed.forget(person_id)
        self._forget_behaviour(person_id)
        try:
            return self.forget("person", person_id)
        except NotFoundError:
            self._people = ledger.hashes("person")
            return ForgetReport("person", 0, (person_id,), {})
        finally:
            feed.forget(person_id)

    def forget_board(self, owner: str, board_id: str) -> ForgetReport:
        """The same for a board, and the feed of its owner no longer answers to it."""
        report = self.forget("board", board_id)
        self._generations.current.feed.forget(owner)
        return report

    def follow(self) -> None:
        """Takes over what other processes forgot; cheap when they did not. About once a second."""
        ledger = self._lake.records.forgotten
        changes = ledger.changes()
        if changes == self._seen:
            return
        self._people = ledger.hashes("person")
        purges = ledger.purges()
        if purges != self._purges:
            # What this server holds of its indexes, and would save, still has lists trained on what went.
            self._generations.current.indexes.renew()
            self._purges = purges
        self._seen = changes

    def clean(self) -> None:
        """People and boards that were forgotten leave unused pages of the databases too; now and then."""
        purge_records(self._lake)

    def _with_remains(self, report: ForgetReport, id_: str) -> ForgetReport:
        ledger = self._lake.records.forgotten
        hash_ = ledger.hash_of(report.kind, id_)
        entries = [entry for entry in ledger.not_gone() if (entry.kind, entry.hash) == (report.kind, hash_)]
        remains = remains_of(self._lake, entries)
        if report.kind == "item":
            return replace(report, remains=tuple(remains))
        # This server does itself what is left to do.
        until_ms = self._lake.clock.now_ms() + int(CLEAN_EVERY_S * 1_000)
        return replace(report, remains=tuple(replace(each, until_ms=until_ms) for each in remains))
