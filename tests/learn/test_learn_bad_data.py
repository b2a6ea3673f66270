"""Files and lakes with wrong rows, through the command line: counted, or one plain line that says why not."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import NOW_MS, ring

from bowerbird.cli.main import main
from bowerbird.core.actions import Action
from bowerbird.core.clock import LATEST_MS, HeldClock
from bowerbird.core.errors import ConfigError, InputError
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.tags import make_tag
from bowerbird.lake.types import Event, ItemFields
from bowerbird.learn.data import read
from bowerbird.learn.packing import packed

HEAD = "user_id:token\titem_id:token\ttimestamp:float\n"
NOW_S = NOW_MS // 1000
DAY_S = 86_400


def inter(*, persons: int = 4, times: list[str]) -> str:
    """Everyone meets the items in their order at these times."""
    rows = [f"u{person}\ti{place}\t{time}\n" for person in range(persons) for place, time in enumerate(times)]
    return HEAD + "".join(rows)


BROKEN = {
    "nothing at all": ("sequences.txt", "", "catalogue is empty"),
    "people without items": ("sequences.txt", "a\nb\n", "no-items, give at least one item"),
    "not text": ("sequences.txt", bytes(range(256)) * 3, "needed is one of each"),
    "no header": ("x.inter", "", "needed is user_id"),
    "header alone": ("x.inter", HEAD, "catalogue is empty"),
    "a column missing": ("x.inter", "user_id:token\ttimestamp:float\nu\t1\n", "needed is item_id"),
    "times that are no numbers": ("x.inter", inter(times=["nan"] * 5), "row 2: unreadable"),
    "times in words": ("x.inter", inter(times=["soon"] * 5), "was 'u0"),
    "times past every calendar": ("x.inter", inter(times=["1e30"] * 5), "give person, item and time"),
    "times ahead of now": ("x.inter", inter(times=["4e9"] * 5), "of 20 rows none is left .*future 20"),
    "ratings that are no numbers": (
        "ratings.csv", "userId,movieId,rating,timestamp\n1,2,nan,5\n", "give person, film, rating, time"
    ),
    "machines alone": (
        "x.inter", inter(times=[str(NOW_S + n * 0.3) for n in range(6_000)], persons=2), "machines 12,000"
    ),
    "one person, one item": ("sequences.txt", "a 1\n", "needed is one of each"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("words", [("learn", "train", "--model"), ("measure", "compare", "--models")])
def test_data_that_cannot_be_learned_from_is_one_line_that_says_why(
    what: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, content, reason = BROKEN[what]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    code = main([*words, "popularity", "--data", str(tmp_path), "--out", str(tmp_path / "out")])

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert code == 1
    assert line.startswith("bowerbird: ")
    assert re.search(reason, line), line


def test_empty_lake_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Lake.open(tmp_path / "lake", create=True).close()

    assert main(["learn", "train", "--model", "popularity", "--lake", str(tmp_path / "lake")]) == 1

    assert "import a catalogue first" in capsys.readouterr().err


def test_rows_that_are_wrong_do_not_keep_the_others_out(tmp_path: Path) -> None:
    good = inter(times=[str(NOW_S - DAY_S * (9 - place)) for place in range(5)])
    (tmp_path / "x.inter").write_text(good + "u0\ti9\t1e30\nu0\nu1\ti9\tsoon\nu2\ti9\t4e9\n")

    found = read(tmp_path, clock=HeldClock(NOW_MS))

    assert len(found.interactions) == 20
    assert (found.report.unreadable, found.report.future) == (3, 1)


def test_one_clock_that_runs_ahead_does_not_change_the_unit_of_all(tmp_path: Path) -> None:
    times = [str(NOW_S - DAY_S * (9 - place)) for place in range(5)]
    (tmp_path / "x.inter").write_text(inter(times=times) + f"u0\ti9\t{NOW_MS}\n")

    found = read(tmp_path, clock=HeldClock(NOW_MS)).interactions

    assert np.diff(found.at_ms[:5]).tolist() == [DAY_S * 1000] * 4
    assert len(found) == 20


def test_event_of_a_time_past_every_calendar_is_refused() -> None:
    given = {"event_id": "e", "action": Action.SAVE, "person_id": "p", "item_id": "i"}
    assert Event.model_validate(given | {"at_ms": LATEST_MS}).at_ms == LATEST_MS

    with pytest.raises(ValidationError):
        Event.model_validate(given | {"at_ms": LATEST_MS + 1})


def test_histories_longer_than_a_row_of_training_are_refused() -> None:
    known = ring(4, 20, 12).histories()

    with pytest.raises(ConfigError, match="set `tokens` to 11 or more"):
        packed(known, np.arange(4), rows=2, tokens=10, longest=11)


def test_lake_as_of_a_tag_has_the_events_and_items_of_then(tmp_path: Path) -> None:
    clock = HeldClock(NOW_MS)

    def saved(lake: Lake, item: str) -> None:
        put_items(lake, [StoredItem(ItemFields(id=item))])
        at_ms = clock.now_ms()
        lake.events.append(
            [Event(event_id=item, action=Action.SAVE, at_ms=at_ms, person_id="p", item_id=item)]
        )

    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        saved(lake, "hat")
        make_tag(lake.place, "before", clock)
        clock.advance(by_ms=60_000)
        saved(lake, "shoe")

    found = read(tmp_path / "lake", as_of="before", clock=clock)

    assert found.interactions.catalogue.ids == ("hat",)
    assert len(found.interactions) == 1
    with pytest.raises(InputError, match="tags are: before"):
        read(tmp_path / "lake", as_of="never")
