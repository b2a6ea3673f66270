from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bowerbird.cli.main import main
from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import InputError
from bowerbird.encode import EncodeConfig, load_encoders
from bowerbird.encode.job import encode_missing
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event, ItemFields
from bowerbird.learn.registry import ModelRegistry
from bowerbird.taste.space.keeping import space_in_use, taste_folder
from bowerbird.taste.space.lake_columns import columns_of_lake

HOUR_MS = 3_600_000


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock()) as opened:
        words = ("red shoe", "blue shoe", "oak table", "pine table")
        put_items(
            opened, [StoredItem(ItemFields(id=f"i{n}", title=f"{words[n % 4]} {n}")) for n in range(12)]
        )
        yield opened


def told(lake: Lake, hour: int, person: str, action: str, item: str = "", **more: object) -> None:
    body = {"event_id": f"{hour}-{person}-{action}-{item}", "action": action, "at_ms": hour * HOUR_MS}
    lake.events.append([Event.model_validate({**body, "person_id": person, "item_id": item, **more})])


def test_columns_hold_what_the_log_says_and_nothing_of_secret_boards(lake: Lake) -> None:
    encoders = load_encoders(EncodeConfig())
    with pytest.raises(InputError, match="needed are encoded items"):
        columns_of_lake(lake, encoders, lambda _: None)
    encode_missing(lake, encoders)
    told(lake, 1, "ann", "impression", "i3")
    told(lake, 1, "ann", "impression", "i1")
    told(lake, 2, "ann", "search", query="Oak  Table")
    told(lake, 2, "ann", "save", "i1", board_id="b1")
    told(lake, 3, "ann", "save", "i2", board_id="b1")
    told(lake, 4, "ann", "unsave", "i2", board_id="b1")
    told(lake, 5, "eve", "save", "i5", board_id="b2", facts={"is_secret": True})
    told(lake, 6, "bob", "save", "i6", board_id="b3", consent=False)

    read = columns_of_lake(lake, encoders, lambda _: None)
    columns = read.columns

    assert columns.saved.sources.tolist() == [1, 2]
    assert (columns.saved.until_ms < np.iinfo(np.int64).max).tolist() == [False, True]
    assert columns.queries == 1
    assert columns.found.targets.tolist() == [1]
    assert set(zip(columns.shown.sources.tolist(), columns.shown.targets.tolist(), strict=True)) == {(0, 3)}
    assert np.linalg.norm(columns.query_words, axis=1).min() > 0.9
    assert (np.linalg.norm(columns.content, axis=1) > 0.9).all()
    assert read.version.startswith("items@")


def test_a_space_is_trained_from_a_lake_and_kept_in_it(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    encode_missing(lake, load_encoders(EncodeConfig()))
    for n in range(48):
        told(lake, n + 1, f"p{n % 6}", "save", f"i{(n % 2) * 2 + 4 * (n // 2 % 3)}", board_id=f"b{n % 6}")
    folder = str(lake.path)

    assert main(["taste", "train", "--lake", folder, "--epochs", "1"]) == 0
    assert "recall@10 of what came later" in capsys.readouterr().out
    space = space_in_use(ModelRegistry(taste_folder(lake.path)))
    columns = columns_of_lake(lake, load_encoders(EncodeConfig()), lambda _: None).columns
    vectors = space.at(columns, 100 * HOUR_MS).vectors

    assert vectors.shape == (12, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-4)


def test_a_lake_without_events_says_what_is_needed(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    encode_missing(lake, load_encoders(EncodeConfig()))

    assert main(["taste", "train", "--lake", str(lake.path), "--epochs", "1"]) == 1
    assert "no two actions that belong together" in capsys.readouterr().err
