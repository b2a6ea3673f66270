"""A catalogue may be an address or a list of addresses; what has not changed there is not read again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from feed_files import FeedServer, rss, tsv
from hypothesis import example, given
from hypothesis import strategies as st
from test_import_feeds import product, written
from test_import_job import counts, picture, refusals

from bowerbird.core.errors import InputError
from bowerbird.lake.fetching.addresses import parse_address
from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.fetching.types import FetchLimits
from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.remote_base import _PLAIN
from bowerbird.lake.importing.sourcing import bring_in
from bowerbird.lake.items import delete_items, item
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ImportReport

HOME = ImportOptions(workers=1, allowed_hosts=("127.0.0.1",))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


@pytest.fixture
def shop() -> Iterator[FeedServer]:
    server = FeedServer()
    server.files = {f"/pictures/{seed}.jpg": picture(seed) for seed in range(4)}
    server.files["/feeds/shop.xml"] = rss(
        [product(str(at), image_link=f"../pictures/{at}.jpg") for at in range(3)]
    )
    yield server
    server.shutdown()
    server.server_close()


def brought(lake: Lake, address: str, options: ImportOptions = HOME) -> ImportReport:
    return bring_in(lake, address, options, keep_unchanged=True).report


def test_feed_by_address_brings_its_items_and_the_pictures_beside_it(lake: Lake, shop: FeedServer) -> None:
    report = brought(lake, shop.address("/feeds/shop.xml?format=xml"))

    assert counts(report) == (3, 3, 0, 0)
    stored = item(lake, "2")
    assert (stored.source, lake.blobs.blob(stored.media_ids[0])) == ("shop", picture(2))
    assert not [path for path in (lake.path / "imports").rglob("*") if path.is_file()]


@pytest.mark.parametrize("gives_etags", [True, False])
def test_feed_that_has_not_changed_is_not_read_again(lake: Lake, shop: FeedServer, gives_etags: bool) -> None:
    shop.gives_etags = gives_etags
    address = shop.address("/feeds/shop.xml")
    first = brought(lake, address)

    again = brought(lake, address)

    assert (again.is_unread, again.rows_in, again.version) == (True, 0, first.version)
    assert shop.answered["/feeds/shop.xml", 304] == gives_etags
    shop.files["/feeds/shop.xml"] = rss([product("0", image_link="../pictures/3.jpg")])
    changed = brought(lake, address)
    assert (counts(changed), changed.is_unread) == ((1, 1, 0, 0), False)


def test_unchanged_feed_is_read_all_the_same_where_that_would_do_something(
    lake: Lake, shop: FeedServer
) -> None:
    address = shop.address("/feeds/shop.xml")
    kept = shop.files.pop("/pictures/1.jpg")
    first = brought(lake, address)
    shop.files["/pictures/1.jpg"] = kept

    second = brought(lake, address)
    with_other_columns = brought(lake, address, replace(HOME, columns={"brand": "title"}))
    third = brought(lake, address, replace(HOME, columns={"brand": "title"}))

    assert (first.by_code, counts(second)) == ({"not-found": 1}, (3, 1, 0, 2))
    assert (counts(with_other_columns), third.is_unread) == ((3, 3, 0, 0), True)


def test_unchanged_feed_is_read_again_once_its_sale_has_ended(tmp_path: Path, shop: FeedServer) -> None:
    class Clock:
        now = 1_700_000_000_000

        def now_ms(self) -> int:
            return self.now

    clock = Clock()
    sale = {"sale_price": "4 EUR", "sale_price_effective_date": "2023-01-01T00:00Z/2023-12-01T00:00Z"}
    shop.files["/f.xml"] = rss([product("a", image_link="pictures/1.jpg", price="5 EUR", **sale)])
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        brought(lake, shop.address("/f.xml"))
        during = brought(lake, shop.address("/f.xml"))
        clock.now = 1_710_000_000_000
        after = brought(lake, shop.address("/f.xml"))
        at_rest = brought(lake, shop.address("/f.xml"))

        assert (during.is_unread, after.accepted, at_rest.is_unread) == (True, 1, True)
        assert item(lake, "a").fields.price_micros == 5_000_000


def test_feed_sent_packed_is_unpacked(lake: Lake, shop: FeedServer) -> None:
    shop.files["/f.tsv"] = tsv([product("a", image_link=shop.address("/pictures/1.jpg"))])
    shop.packs = True

    report = bring_in(
        lake, shop.address("/f.tsv"), HOME,
        picture_fetcher=Fetcher(allowed_hosts=["127.0.0.1"]),
    ).report  # fmt: skip

    # The feed is taken as it comes; a packed picture is not.
    assert report.by_code == {"packed-body": 1}


@pytest.mark.parametrize(
    ("path", "limits", "code"),
    [
        ("/none.xml", FetchLimits(), "not-found"),
        ("/feeds/shop.xml", FetchLimits(max_bytes=50), "too-many-bytes"),
    ],
)
def test_feed_that_cannot_be_had_is_one_clear_error(
    lake: Lake, shop: FeedServer, path: str, limits: FetchLimits, code: str
) -> None:
    fetcher = Fetcher(limits, allowed_hosts=["127.0.0.1"])

    with pytest.raises(InputError, match=code):
        bring_in(lake, shop.address(path), HOME, catalogue_fetcher=fetcher)


def test_feed_on_a_private_machine_is_refused(lake: Lake, shop: FeedServer) -> None:
    with pytest.raises(InputError, match="address-refused"):
        brought(lake, shop.address("/feeds/shop.xml"), ImportOptions(workers=1))


def test_fetched_feed_reads_no_file_of_this_machine(lake: Lake, shop: FeedServer, tmp_path: Path) -> None:
    inside = written(tmp_path / "secret.jpg", picture(9))
    names = [str(inside), f"file://{inside}", "../../secret.jpg", "//127.0.0.1/x.jpg"]
    shop.files["/f.xml"] = rss([product(str(at), image_link=name) for at, name in enumerate(names)])

    report = brought(lake, shop.address("/f.xml"))

    assert counts(report) == (4, 0, 4, 0)
    assert lake.blobs.count() == 0


def test_list_of_addresses_is_a_catalogue(lake: Lake, shop: FeedServer, tmp_path: Path) -> None:
    shop.files["/red_vase.jpg"] = picture(7)
    lines = ["# my list", "", shop.address("/red_vase.jpg"), shop.address("/pictures/1.jpg"), "no address",
             shop.address("/gone.jpg"), f"  {shop.address('/red_vase.jpg')}  "]  # fmt: skip
    path = written(tmp_path / "list.txt", "\r\n".join(lines).encode("utf-8-sig"))

    report = bring_in(lake, str(path), replace(HOME, kind="addresses")).report
    again = bring_in(lake, str(path), replace(HOME, kind="addresses")).report

    assert counts(report) == (5, 2, 3, 0)
    assert sorted(refusals(report).values()) == ["bad-address", "duplicate-id", "not-found"]
    titles = [title for part in lake.items.scan(["title"]) for title in part.column(0).to_pylist()]
    assert sorted(titles) == ["", "Red vase"]
    assert counts(again) == (5, 0, 3, 2)


def test_list_of_addresses_may_be_at_an_address(lake: Lake, shop: FeedServer) -> None:
    shop.files["/list.txt"] = "\n".join(shop.address(f"/pictures/{at}.jpg") for at in range(4)).encode()

    assert counts(brought(lake, shop.address("/list.txt"))) == (4, 4, 0, 0)
    assert brought(lake, shop.address("/list.txt")).is_unread


def test_items_deleted_by_hand_come_back_when_the_feed_is_read(lake: Lake, shop: FeedServer) -> None:
    address = shop.address("/feeds/shop.xml")
    brought(lake, address)
    delete_items(lake, ["1"])

    assert counts(bring_in(lake, address, HOME).report) == (3, 1, 0, 2)


@given(st.from_regex(r"https?://[a-z.-]{1,9}\.[a-z]{2,4}(:80)?/[a-zA-Z0-9/._~=&?#%+ -]{0,9}", fullmatch=True))
@example("http://a.bc/?")
@example("http://a.bc/??")
@example("https://a-b.cd/x?y=%20")
def test_address_that_is_not_parsed_is_what_parsing_would_give(address: str) -> None:
    if _PLAIN.fullmatch(address):
        assert parse_address(address).text == address


@pytest.mark.parametrize("address", ["https://cdn.example/a/1.jpg", "http://a-b.co.uk/x?y=1&z=a-b"])
def test_plain_addresses_are_not_parsed(address: str) -> None:
    assert _PLAIN.fullmatch(address)


@pytest.mark.parametrize("gives_etags", [True, False])
def test_other_picture_behind_the_same_address_is_noticed_when_asked(
    lake: Lake, shop: FeedServer, gives_etags: bool
) -> None:
    shop.gives_etags = gives_etags
    address, recheck = shop.address("/feeds/shop.xml"), replace(HOME, recheck_pictures=True)
    brought(lake, address)
    shop.files["/pictures/1.jpg"] = picture(9)
    del shop.files["/pictures/2.jpg"]
    shop.answered.clear()

    report = brought(lake, address, recheck)
    again = brought(lake, address, recheck)

    assert counts(report) == (3, 1, 0, 2)
    assert lake.blobs.blob(item(lake, "1").media_ids[0]) == picture(9)
    assert lake.blobs.blob(item(lake, "2").media_ids[0]) == picture(2)
    assert report.by_code == {"not-rechecked-not-found": 1}
    assert shop.answered["/pictures/0.jpg", 304] == (2 if gives_etags else 0)
    assert (counts(again), brought(lake, address).is_unread) == ((3, 0, 0, 3), True)
