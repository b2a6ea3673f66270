import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import FilterError, NotFoundError
from bowerbird.core.filters import And, Eq, HasAny, In, Not, Range
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.id_index import IdIndex, hash_ids
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.schemas import MEDIA
from bowerbird.lake.types import ItemFields

THUMBHASH = b"\x1f\x1e\x00\xff hash"


def stored(id_: str, sha: str | None = None, **fields: object) -> StoredItem:
    given = ItemFields.model_validate({"id": id_, **fields})
    return StoredItem(given, (sha,) if sha else ())


def put_picture(lake: Lake, sha: str, **shares: float) -> None:
    colours = [shares.get(name, 0.0) for name in NAMED_COLOURS]
    row = {
        "id": sha,
        "kind": "picture",
        "format": "jpeg",
        "width_px": 300,
        "height_px": 400,
        "frames": 1,
        "size_bytes": 9,
        "thumb": b"jpeg",
        "thumbhash": THUMBHASH,
        "main_colour": "#aabbcc",
        "colours": colours,
        "signature": 42,
        "exif": "{}",
    }
    lake.media.upsert(pa.Table.from_pylist([row], schema=MEDIA.schema))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock(at_ms=50)) as opened:
        yield opened


def fill(lake: Lake) -> Lake:
    put_picture(lake, "red-sha", red=0.9, white=0.1)
    put_picture(lake, "blue-sha", blue=0.75, red=0.25)
    vase = stored("vase", "red-sha", title="Red vase", category=("home", "vases"), brand="Oak")
    vase = replace(vase, fields=vase.fields.model_copy(update={"price_micros": 5_000_000, "currency": "EUR"}))
    lamp = stored("lamp", "blue-sha", title="Lamp", category=("home", "lamps"), brand="Elm", price_micros=0)
    rug = stored("rug", title="Rug", category=("floor",), brand="Oak", language="de", created_ms=7)
    put_items(lake, [vase, lamp, rug])
    return lake


@pytest.fixture
def shop(lake: Lake) -> Lake:
    return fill(lake)


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """For tests that only look."""
    path = tmp_path_factory.mktemp("shop") / "lake"
    with Lake.open(path, create=True, clock=HeldClock(at_ms=50)) as lake:
        yield Catalogue.open(fill(lake))


def kept(catalogue: Catalogue, where: object) -> list[str]:
    return catalogue.ids_of(np.flatnonzero(catalogue.mask(where)))


def test_catalogue_of_an_empty_lake_is_empty(lake: Lake) -> None:
    catalogue = Catalogue.open(lake)

    assert catalogue.size == 0
    assert catalogue.mask(None).tolist() == []
    assert catalogue.mask(Eq("brand", "Oak")).tolist() == []
    assert catalogue.facets().price is None
    assert catalogue.numbers_of(["x"]).tolist() == [-1]
    assert len(catalogue.refresh()) == 0


def test_card_says_what_the_item_says(open_shop: Catalogue) -> None:
    catalogue = open_shop

    assert json.loads(catalogue.card(0)) == {
        "id": "vase",
        "title": "Red vase",
        "description": "",
        "link": "",
        "category": ["home", "vases"],
        "brand": "Oak",
        "price": {"micros": 5_000_000, "currency": "EUR"},
        "availability": "in_stock",
        "picture": {
            "sha": "red-sha",
            "width": 300,
            "height": 400,
            "frames": 1,
            "placeholder": base64.b64encode(THUMBHASH).decode(),
            "colour": "#aabbcc",
        },
        "video": None,
    }
    assert json.loads(catalogue.card(1))["price"] == {"micros": 0, "currency": None}
    rug = json.loads(catalogue.card(2))
    assert (rug["price"], rug["picture"]) == (None, None)
    assert catalogue.card(0) is catalogue.card(0)


@pytest.mark.parametrize("text", ['say "x"', "back\\slash", "a\x1fb", "new\nline", "ünï 🦊", "</script>"])
def test_card_of_item_with_awkward_text_keeps_its_other_fields(lake: Lake, text: str) -> None:
    put_items(lake, [stored("odd", title=text, description=text, brand="Oak", category=("a", "b"))])

    card = json.loads(Catalogue.open(lake).card(0))

    assert card["title"] == text.replace("\x1f", " ")
    assert (card["id"], card["brand"], card["category"]) == ("odd", "Oak", ["a", "b"])


def test_card_of_unknown_or_deleted_number_is_not_found(shop: Lake) -> None:
    catalogue = Catalogue.open(shop)
    catalogue.card(0)
    delete_items(shop, ["vase"])
    catalogue.refresh()

    for number in (-1, 0, 3, 1_000):
        with pytest.raises(NotFoundError, match="no item number"):
            catalogue.card(number)
    with pytest.raises(NotFoundError):
        catalogue.ids_of([77])


def test_columns_are_addressed_by_number(open_shop: Catalogue) -> None:
    catalogue = open_shop

    assert catalogue.price_micros.tolist() == [5_000_000, 0, -1]
    assert catalogue.created_ms.tolist() == [50, 50, 7]
    assert catalogue.signature.tolist() == [42, 42, 0]
    assert catalogue.colours.shape == (3, len(catalogue.colour_names))
    assert catalogue.colours[1, catalogue.colour_names.index("blue")] == np.float32(0.75)
    assert catalogue.colours[2].sum() == 0
    assert [catalogue.picture_of(n) for n in range(3)] == ["red-sha", "blue-sha", None]
    assert catalogue.title(0) == "Red vase"
    assert catalogue.title(99) == ""
    assert catalogue.vocabulary("brand")[int(catalogue.codes("brand")[1])] == "Elm"


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (None, ["vase", "lamp", "rug"]),
        (Eq("category", "home"), ["vase", "lamp"]),
        (HasAny("category", ("lamps", "floor")), ["lamp", "rug"]),
        (Eq("brand", "Oak"), ["vase", "rug"]),
        (Eq("brand", "Nobody"), []),
        (Range("price_micros", lt=1), ["lamp"]),
        (Range("price_micros"), ["vase", "lamp"]),
        (Not(Range("price_micros")), ["rug"]),
        (Eq("colour", "red"), ["vase", "lamp"]),
        (HasAny("colour", ("blue", "mauve")), ["lamp"]),
        (In("id", ("rug", "unknown")), ["rug"]),
        (In("number", (0, 2, 99, -1)), ["vase", "rug"]),
        (Eq("language", "de"), ["rug"]),
        (And((Eq("brand", "Oak"), Not(Eq("category", "floor")))), ["vase"]),
    ],
)
def test_mask_keeps_what_the_filter_says(open_shop: Catalogue, where: object, ids: list[str]) -> None:
    assert kept(open_shop, where) == ids


@pytest.mark.parametrize("where", [Eq("nonsense", 1), Range("brand", 1, 2), Not(In("words", ("a",)))])
def test_mask_of_what_the_catalogue_cannot_answer_is_refused(open_shop: Catalogue, where: object) -> None:
    with pytest.raises(FilterError, match="was received"):
        open_shop.mask(where)


def test_mask_of_true_is_not_the_cached_mask_of_one(open_shop: Catalogue) -> None:
    catalogue = open_shop

    assert kept(catalogue, Eq("number", 1)) == ["lamp"]
    assert kept(catalogue, Eq("number", True)) == []


def test_mask_is_cached_until_the_catalogue_changes_and_cannot_be_written(shop: Lake) -> None:
    catalogue = Catalogue.open(shop)
    first = catalogue.mask(Eq("brand", "Oak"))
    assert catalogue.mask(Eq("brand", "Oak")) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = False

    put_items(shop, [stored("new", brand="Oak")])
    catalogue.refresh()

    assert kept(catalogue, Eq("brand", "Oak")) == ["vase", "rug", "new"]


def test_refresh_brings_new_changed_and_deleted_items(shop: Lake) -> None:
    catalogue = Catalogue.open(shop)
    catalogue.card(1)
    put_picture(shop, "green-sha", green=1.0)
    put_items(
        shop, [stored("lamp", "green-sha", title="Green lamp", brand="Fir"), stored("bowl", brand="Fir")]
    )
    delete_items(shop, ["vase"])

    changed = catalogue.refresh()

    assert sorted(changed.upserted.tolist()) == [1, 3]
    assert changed.deleted.tolist() == [0]
    assert catalogue.live.tolist() == [False, True, True, True]
    assert kept(catalogue, Eq("brand", "Fir")) == ["lamp", "bowl"]
    assert kept(catalogue, Eq("colour", "green")) == ["lamp"]
    assert json.loads(catalogue.card(1))["title"] == "Green lamp"
    assert catalogue.numbers_of(["bowl", "lamp"]).tolist() == [3, 1]
    assert catalogue.count() == 3
    assert len(catalogue.refresh()) == 0


def test_item_deleted_and_put_again_is_live_under_its_number(shop: Lake) -> None:
    catalogue = Catalogue.open(shop)
    delete_items(shop, ["vase"])
    catalogue.refresh()

    put_items(shop, [stored("vase", title="Back")])
    catalogue.refresh()

    assert catalogue.live[0]
    assert catalogue.title(0) == "Back"
    assert catalogue.price_micros[0] == -1
    assert catalogue.colours[0].sum() == 0


def test_catalogue_opened_anew_equals_the_refreshed_one(shop: Lake) -> None:
    refreshed = Catalogue.open(shop)
    delete_items(shop, ["lamp"])
    put_items(shop, [stored(f"i{n}", brand=f"b{n % 7}", price_micros=n) for n in range(3_000)])
    refreshed.refresh()
    shop.items.maintain()
    assert len(refreshed.refresh()) == 0

    opened = Catalogue.open(shop)

    assert opened.size == refreshed.size == 3_003
    assert opened.live.tolist() == refreshed.live.tolist()
    for number in (0, 2, 3, 1_000, 3_002):
        assert opened.card(number) == refreshed.card(number)
    assert kept(opened, Eq("brand", "b3")) == kept(refreshed, Eq("brand", "b3"))
    assert opened.facets() == refreshed.facets()


def test_card_file_is_used_again_and_made_again_when_it_does_not_fit(shop: Lake) -> None:
    path = shop.path / "index" / "cards.arrow"
    Catalogue.open(shop)
    made = path.stat().st_ino
    Catalogue.open(shop)
    assert path.stat().st_ino == made

    put_items(shop, [stored("new", title="New")])
    assert Catalogue.open(shop).title(3) == "New"
    assert path.stat().st_ino != made
    path.write_bytes(b"broken")
    assert Catalogue.open(shop).title(3) == "New"
    path.unlink()
    assert Catalogue.open(shop).title(0) == "Red vase"


def test_facets_count_live_items_by_value(shop: Lake) -> None:
    catalogue = Catalogue.open(shop)

    facets = catalogue.facets()

    assert {(facet.value, facet.count) for facet in facets.category} == {
        ("home", 2),
        ("vases", 1),
        ("lamps", 1),
        ("floor", 1),
    }
    assert [(facet.value, facet.count) for facet in facets.brand] == [("Oak", 2), ("Elm", 1)]
    assert [(facet.value, facet.count) for facet in facets.colour] == [("red", 2), ("blue", 1)]
    assert catalogue.facets(catalogue.mask(Eq("category", "floor"))).price is None
    delete_items(shop, ["rug"])
    catalogue.refresh()
    assert [(facet.value, facet.count) for facet in catalogue.facets().brand] == [("Elm", 1), ("Oak", 1)]


def test_price_facet_speaks_of_the_commonest_currency(lake: Lake) -> None:
    prices = [(3, "EUR"), (9, "EUR"), (1, "USD")]
    put_items(lake, [stored(f"i{n}", price_micros=p, currency=c) for n, (p, c) in enumerate(prices)])

    price = Catalogue.open(lake).facets().price

    assert price is not None
    assert (price.min_micros, price.max_micros, price.currency) == (3, 9, "EUR")


def test_cards_over_the_bound_are_made_again(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True, config=LakeConfig(cached_cards=2)) as lake:
        put_items(lake, [stored(f"i{n}", title=f"t{n}") for n in range(5)])
        catalogue = Catalogue.open(lake)

        titles = [json.loads(catalogue.card(n))["title"] for n in (0, 1, 2, 3, 4, 0)]

        assert titles == ["t0", "t1", "t2", "t3", "t4", "t0"]


def test_readers_meet_whole_masks_and_fresh_cards_while_the_catalogue_grows(lake: Lake) -> None:
    put_items(lake, [stored("first", title="0", brand="Oak")])
    catalogue = Catalogue.open(lake)
    where = And((Eq("brand", "Oak"), Not(Eq("brand", "Elm")), Range("number", gte=0)))
    done, failures, looks = threading.Event(), [], 0

    def look() -> None:
        nonlocal looks
        while not done.is_set():
            try:
                keep = catalogue.mask(where)
                catalogue._masks.clear()
                catalogue.card(0)
                catalogue.facets(keep)
                looks += 1
            except Exception as error:  # noqa: BLE001 (any failure of a reader is what is looked for)
                failures.append(error)
                return

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(1, 15):
        new = [stored(f"i{turn}-{n}", brand="Oak") for n in range(300)]
        put_items(lake, [stored("first", title=str(turn), brand="Oak"), *new])
        catalogue.refresh()
        assert json.loads(catalogue.card(0))["title"] == str(turn)
        assert catalogue.mask(where).sum() == 1 + 300 * turn
    done.set()
    for reader in readers:
        reader.join()

    assert failures == []
    assert looks > 10


def test_ids_with_the_same_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"i{n}" for n in range(60_000)]
    index = IdIndex(lambda number: ids[number])
    monkeypatch.setattr("bowerbird.lake.id_index.hash_ids", lambda given: hash_ids(given) % np.uint64(20_000))
    index.add(pa.array(ids), np.arange(60_000))

    assert index.find(["i59999", "i0", "nobody", "i31415"]).tolist() == [59_999, 0, -1, 31_415]


def test_ids_added_late_are_found_beside_the_early_ones() -> None:
    ids = [f"item-{n}" * (n % 3 + 1) for n in range(130_000)]
    index = IdIndex(lambda number: ids[number])
    for start, stop in ((0, 60_000), (60_000, 60_010), (60_010, 125_000), (125_000, 130_000)):
        index.add(pa.array(ids[start:stop]), np.arange(start, stop))

    wanted = [*range(0, 130_000, 997), 60_005, 129_999]
    assert index.find([ids[n] for n in wanted]).tolist() == wanted


@pytest.mark.parametrize("text", ["", "a", "foobar", "ünï", "x" * 300])
def test_hash_is_fnv_1a(text: str) -> None:
    expected = 14695981039346656037
    for byte in text.encode():
        expected = ((expected ^ byte) * 1099511628211) % 2**64

    assert hash_ids(pa.array(["other", text, "longer than it"])[1:])[0] == expected


def test_unsafe_item_is_kept_and_never_shown(lake: Lake) -> None:
    put_items(
        lake, [stored("a", brand="Oak"), replace(stored("b", brand="Oak"), safety="unsafe"), stored("c")]
    )
    catalogue = Catalogue.open(lake)
    opened = catalogue.live.tolist()

    put_items(lake, [replace(stored("a", brand="Oak"), safety="unsafe"), stored("b", brand="Oak")])
    catalogue.refresh()

    assert (opened, catalogue.live.tolist()) == ([True, False, True], [False, True, True])
    assert catalogue.mask(Eq("brand", "Oak")).tolist() == [False, True, False]
    assert (catalogue.count(), lake.items.count()) == (2, 3)
    with pytest.raises(NotFoundError):
        catalogue.card(0)
