from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import LakeError, NotFoundError
from bowerbird.core.filters import Eq
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.items import StoredItem, delete_items, item, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.records.numbers import Numbers
from bowerbird.lake.types import ItemFields


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(at_ms=1_000)


@pytest.fixture
def lake(tmp_path: Path, clock: HeldClock) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as opened:
        yield opened


def stored(id_: str, **fields: object) -> StoredItem:
    return StoredItem(ItemFields.model_validate({"id": id_, **fields}), source="test", row_hash="h")


def test_lake_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="bowerbird lake import"):
        Lake.open(tmp_path / "nowhere")


def test_lake_opened_again_holds_what_was_put_in(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_items(lake, [stored("a")])
        number = lake.records.numbers_for(["a"])[0]

    with Lake.open(tmp_path / "lake") as lake:
        assert lake.items.count() == 1
        assert lake.records.numbers_for(["a", "b"]).tolist() == [number, number + 1]


def test_item_comes_back_as_it_went_in(lake: Lake) -> None:
    fields = ItemFields(
        id="a",
        title="Vase",
        description="tall",
        link="https://shop.test/a",
        price_micros=5,
        currency="EUR",
        brand="Oak",
        category=("home", "vases"),
        keywords=("tall", "red"),
        attributes={"material": "clay", "größe": "30 cm"},
        language="de",
        country="AT",
        owner="me",
        availability="preorder",
        created_ms=3,
    )
    given = StoredItem(fields, ("sha1", "sha2"), "safe", "csv", "hash")

    put_items(lake, [given])

    assert item(lake, "a") == given


def test_item_unknown_or_deleted_is_not_found(lake: Lake) -> None:
    put_items(lake, [stored("a")])
    assert delete_items(lake, ["a", "never", "a"]) == 1
    assert delete_items(lake, ["a"]) == 0

    for id_ in ("a", "never"):
        with pytest.raises(NotFoundError, match="no item"):
            item(lake, id_)


def test_item_put_again_keeps_its_number_and_first_time(lake: Lake, clock: HeldClock) -> None:
    put_items(lake, [stored("a"), stored("b")])
    clock.advance(by_ms=500)

    put_items(lake, [stored("b", title="B"), stored("c")])

    found = lake.items.take(["a", "b", "c"], ["number", "created_ms", "updated_ms"]).to_pylist()
    assert [(row["number"], row["created_ms"], row["updated_ms"]) for row in found] == [
        (0, 1_000, 1_000),
        (1, 1_000, 1_500),
        (2, 1_500, 1_500),
    ]


def test_items_with_one_id_twice_in_a_batch_keep_the_last(lake: Lake) -> None:
    put_items(lake, [stored("a", title="first"), stored("a", title="last")])

    assert item(lake, "a").fields.title == "last"
    assert lake.items.count() == 1


def test_words_of_an_item_are_found_in_every_text_of_it(lake: Lake) -> None:
    put_items(
        lake,
        [
            stored(
                "a",
                title="Kettle",
                keywords=("copper",),
                category=("kitchen",),
                brand="Elm",
                description="Shiny",
            )
        ],
    )

    for word in ("kettle", "copper", "kitchen", "elm", "shiny"):
        assert lake.items.search_words(word, 3)["number"].to_pylist() == [0]


def test_deleted_item_leaves_a_tombstone_without_its_words(lake: Lake) -> None:
    put_items(lake, [stored("a", title="Private", owner="someone")])

    delete_items(lake, ["a"])

    (stone,) = lake.items.take(["a"], ["title", "words", "owner", "number", "deleted_ms"]).to_pylist()
    assert stone == {"title": None, "words": None, "owner": None, "number": 0, "deleted_ms": 1_000}
    assert lake.items.count() == 0
    assert lake.items.search_words("private", 3).num_rows == 0


def test_lake_as_of_a_version_or_time_shows_what_was_there(lake: Lake) -> None:
    version = put_items(lake, [stored("a", title="old", brand="Oak")])
    between = datetime.now(UTC)
    put_items(lake, [stored("a", title="new"), stored("b")])
    delete_items(lake, ["b"])

    for moment in (version, str(version), between, between.isoformat()):
        view = lake.at(moment)
        assert view.item("a").fields.title == "old"
        assert view.count() == 1
        assert view.count(Eq("brand", "Oak")) == 1
        with pytest.raises(NotFoundError):
            view.item("b")
    assert lake.at(lake.items.version - 1).count() == 2


@pytest.mark.parametrize("moment", ["yesterday", "", "2026-13-01"])
def test_lake_as_of_nonsense_is_refused(lake: Lake, moment: str) -> None:
    with pytest.raises(NotFoundError, match="needed is a version number, a time"):
        lake.at(moment)


def test_embeddings_of_two_encoders_are_apart(lake: Lake) -> None:
    first = lake.embeddings("picture", "lite0.1.a", 4)
    second = lake.embeddings("picture", "lite0.2.a", 8)
    row = {"key": ["k"], "number": [-1], "encoder": ["lite0"], "version": ["1"], "preprocessing_hash": ["a"]}
    import pyarrow as pa

    first.upsert(pa.table(row | {"vector": pa.array([[0.5, 1, 2, 3]], pa.list_(pa.float16(), 4))}))

    assert lake.embeddings("picture", "lite0.1.a", 4) is first
    assert (first.count(), second.count()) == (1, 0)
    assert first.take(["k"], ["vector"])["vector"].to_pylist() == [[0.5, 1.0, 2.0, 3.0]]


def test_maintain_purges_old_tombstones_and_keeps_young_ones(tmp_path: Path, clock: HeldClock) -> None:
    config = LakeConfig(keep_tombstones_hours=1)
    with Lake.open(tmp_path / "lake", create=True, config=config, clock=clock) as lake:
        put_items(lake, [stored("old"), stored("young"), stored("kept")])
        delete_items(lake, ["old"])
        clock.advance(by_ms=2 * 3_600_000)
        delete_items(lake, ["young"])
        catalogue = Catalogue.open(lake)

        debt = lake.maintain()

        assert debt["item"].rows == 2
        assert debt["item"].unindexed_rows == 0
        assert lake.items.take(["old", "young"], ["id"])["id"].to_pylist() == ["young"]
        assert len(catalogue.refresh()) == 0
        put_items(lake, [stored("old")])
        assert lake.records.numbers.find(["old"]).tolist() == [0]


def test_maintain_reaches_embeddings_that_another_process_made(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        lake.embeddings("words", "minilm.1.0.a", 8)

    with Lake.open(tmp_path / "lake") as lake:
        assert "embedding/words/minilm.1.0.a" in lake.maintain()
        assert lake.embeddings("words", "minilm.1.0.a", 8).count() == 0


def test_derived_folders_can_be_deleted(tmp_path: Path) -> None:
    import shutil

    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_items(lake, [stored("a", title="A")])
        Catalogue.open(lake)
    for folder in ("index", "models", "display"):
        shutil.rmtree(tmp_path / "lake" / folder)
    (tmp_path / "lake" / "online.sqlite").unlink()

    with Lake.open(tmp_path / "lake") as lake:
        assert Catalogue.open(lake).title(0) == "A"


def test_opening_a_new_lake_takes_no_number_from_another_process_that_has_just_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake.open(tmp_path / "lake", create=True) as first:

        def looked_at_before(_: Numbers) -> int:
            # Between this look and what opening does next, the other process gives its first numbers.
            if first.records.numbers.find(["a"])[0] == -1:
                first.records.numbers.allocate(["a", "b"])
            return 0

        with monkeypatch.context() as between:
            between.setattr(Numbers, "size", looked_at_before)
            Lake.open(tmp_path / "lake").close()

        assert first.records.numbers.find(["a", "b"]).tolist() == [0, 1]
        assert first.records.numbers.allocate(["c"]).numbers.tolist() == [2]
