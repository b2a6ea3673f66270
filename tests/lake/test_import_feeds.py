"""Product feeds say the same in TSV, RSS and Atom, and no XML can do more than be read."""

import gzip
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from feed_files import atom, rss, tsv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_import_job import counts, picture, refusals

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.feed_xml import FeedParser
from bowerbird.lake.importing.feeds import FeedSource
from bowerbird.lake.importing.fields import FieldMaps
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.importing.kinds import kind_of
from bowerbird.lake.importing.source_files import SourceFiles
from bowerbird.lake.importing.sources import open_source
from bowerbird.lake.importing.types import RowError, Source
from bowerbird.lake.items import item
from bowerbird.lake.lake import Lake

ONE = ImportOptions(workers=1)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30)
PRODUCTS = st.lists(
    st.fixed_dictionaries(
        {"title": WORDS, "description": WORDS, "image_link": st.just("0.jpg")},
        optional={
            "brand": WORDS, "custom_label_0": WORDS, "mpn": WORDS, "item_group_id": WORDS, "color": WORDS,
            "price": st.sampled_from(["12.50 EUR", "1.299,00 EUR", "7 USD"]),
            "sale_price": st.sampled_from(["3.10 EUR", "2,99 USD"]),
            "adult": st.sampled_from(["yes", "no"]),
            "availability": st.sampled_from(["in stock", "out of stock", "preorder"]),
            "condition": st.sampled_from(["new", "used"]), "google_product_category": st.just("2271"),
            "product_type": st.just("Home > Lamps & Lights"),
            "additional_image_link": st.lists(st.sampled_from(["1.jpg", "2.jpg"]), min_size=1, max_size=3),
        },
    ),
    max_size=6,
)  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def product(id_: str = "vase", **more: Any) -> dict[str, Any]:
    return {"id": id_, "title": f"The {id_}", "image_link": "0.jpg", **more}


def understood(source: Source) -> list[object]:
    """What each row of a source becomes: an item, its pictures and its safety, or the code of its error."""
    maps, found = FieldMaps({}, source.columns), []
    for row in source.rows():
        if row.error is not None:
            found.append(row.error.code)
            continue
        field_map = maps.of(row.values)
        try:
            fields = field_map.item(row.values, id_=field_map.id_of(row.values), is_on_sale=True)
            found.append((fields, field_map.picture_names(row.values), field_map.safety(row.values)))
        except RowError as error:
            found.append((error.field, error.code))
    return found


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def opened(path: Path) -> Source:
    return open_source(SourceFiles.find(path)).source


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PRODUCTS)
def test_feed_says_the_same_as_tsv_rss_and_atom(tmp_path: Path, products: list[dict[str, Any]]) -> None:
    numbered = [{"id": f"p{at}", **each} for at, each in enumerate(products)]
    sources = [
        opened(written(tmp_path / "a.txt", tsv(numbered))),
        opened(written(tmp_path / "b.tsv", tsv(numbered, "g:"))),
        opened(written(tmp_path / "c.xml", rss(numbered))),
        opened(written(tmp_path / "d", gzip.compress(atom(numbered)))),
    ] if numbered else []  # fmt: skip

    said = [understood(source) for source in sources]

    assert all(each == said[0] for each in said)
    assert all(len(each) == len(numbered) for each in said)


def test_feed_becomes_items_with_what_shops_say(lake: Lake, tmp_path: Path) -> None:
    for seed in range(3):
        written(tmp_path / f"{seed}.jpg", picture(seed))
    feed = rss([
        product(
            "vase", price="24.99 EUR", sale_price="19.99 EUR", additional_image_link=["1.jpg", "2.jpg"],
            gtin="4006381333931", mpn="V-1", item_group_id="vases", custom_label_3="spring",
            google_product_category="602", product_type="Home &gt; Vases", condition="new",
        ),
        product("lamp", price="24.99 EUR", sale_price="19.99 EUR",
                sale_price_effective_date="2020-01-01T00:00+0100/2020-02-01T00:00+0100"),
        product("book", adult="yes"),
    ])  # fmt: skip

    report = import_source(lake, written(tmp_path / "feed.xml", feed), ONE)

    assert counts(report) == (3, 3, 0, 0)
    vase, lamp = item(lake, "vase"), item(lake, "lamp")
    assert len(vase.media_ids) == 3
    assert (vase.fields.price_micros, vase.fields.currency) == (19_990_000, "EUR")
    assert vase.fields.category == ("Home", "Vases")
    assert vase.fields.attributes == {
        "gtin": "4006381333931", "mpn": "V-1", "item_group_id": "vases", "custom_label_3": "spring",
        "google_product_category": "602", "condition": "new", "list_price": "24.99 EUR",
    }  # fmt: skip
    assert lamp.fields.price_micros == 24_990_000
    assert lamp.fields.attributes["sale_price"] == "19.99 EUR"
    assert (item(lake, "book").safety, vase.safety) == ("unsafe", "unknown")


def test_row_is_taken_again_when_its_sale_ends(tmp_path: Path) -> None:
    class Clock:
        now = 1_700_000_000_000

        def now_ms(self) -> int:
            return self.now

    clock = Clock()
    written(tmp_path / "0.jpg", picture(0))
    period = "2023-01-01T00:00Z/2023-12-01T00:00Z"
    feed = written(
        tmp_path / "feed.xml",
        rss([product(price="5 EUR", sale_price="4 EUR", sale_price_effective_date=period), product("other")]),
    )
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        import_source(lake, feed, ONE)
        during = item(lake, "vase").fields.price_micros
        clock.now = 1_710_000_000_000
        report = import_source(lake, feed, ONE)

        assert (during, item(lake, "vase").fields.price_micros) == (4_000_000, 5_000_000)
        assert counts(report) == (2, 1, 0, 1)


def test_feed_of_a_plain_blog_has_pictures_too(tmp_path: Path) -> None:
    feed = (
        b'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><item><guid>post-1</guid>'
        b"<title>A walk &amp; a view</title><description>&lt;p&gt;Up the hill&lt;/p&gt;</description>"
        b"<pubDate>Mon, 06 Sep 2021 16:45:00 +0000</pubDate><link>https://blog.example/1</link>"
        b'<media:content url="https://blog.example/1.jpg" medium="image"/></item></channel></rss>'
    )

    ((fields, pictures, _),) = understood(opened(written(tmp_path / "feed.rss", feed)))  # type: ignore[misc]

    assert (fields.id, fields.title, fields.description) == ("post-1", "A walk & a view", "Up the hill")
    assert (fields.created_ms, fields.link) == (1_630_946_700_000, "https://blog.example/1")
    assert pictures == ["https://blog.example/1.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_feed_is_read_in_the_encoding_that_it_declares(tmp_path: Path, encoding: str) -> None:
    text = rss([product(brand="Größe")]).decode().replace("UTF-8", encoding.removesuffix("-sig"))

    ((fields, _, _),) = understood(opened(written(tmp_path / "f.xml", text.encode(encoding))))  # type: ignore[misc]

    assert fields.brand == "Größe"


LAUGHS = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))
DOCTYPES = [
    f'<!DOCTYPE rss [<!ENTITY a0 "ha">{LAUGHS}]>', '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/evil.dtd">',
    '<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>', "<!DOCTYPE rss>",
]  # fmt: skip


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_feed_with_a_document_type_is_refused_as_a_whole(lake: Lake, tmp_path: Path, doctype: str) -> None:
    feed = rss([product(brand="&a9;&x;")]).decode().replace("<rss", f"{doctype}<rss")

    with pytest.raises(InputError, match="document type"):
        import_source(lake, written(tmp_path / "feed.xml", feed.encode()), ONE)

    assert lake.items.count() == 0


ITEM = b"<item><g:id>1</g:id></item>"


def hostile(name: str) -> Iterator[bytes]:
    """A feed with one good item and then something endless."""
    yield b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>' + ITEM
    begins = {
        "deep": b"<a>",
        "tag": b"<item ",
        "comment": b"<!-- ",
        "attributes": b"<item ",
        "instruction": b"<?x ",
    }
    yield begins[name]
    for at in range(2_000):
        yield b"<a>" * 20_000 if name == "deep" else b'a%d="x" ' % at * (name == "attributes") + b"x" * 65_536


@pytest.mark.parametrize("name", ["deep", "tag", "comment", "attributes", "instruction"])
def test_endless_xml_is_given_up_and_memory_stays_small(name: str) -> None:
    parser, given = FeedParser(), []
    tracemalloc.start()
    with pytest.raises(RowError) as refused:
        given.extend(row for piece in hostile(name) for row in parser.feed(piece))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert refused.value.code in ("unsafe-xml", "broken-file")
    assert len(given) == 1
    assert peak < 40 * 2**20


@pytest.mark.parametrize(
    "inside",
    [
        b"<g:title>" + b"x" * 5_000_000 + b"</g:title>", b"<g:a>b</g:a>" * 20_000,
        b"<g:a><![CDATA[" + b"<" * 5_000_000 + b"]]></g:a>", b'<z q="1"/>' * 9_000,
    ],
)  # fmt: skip
def test_item_that_is_too_much_is_one_refused_row(tmp_path: Path, inside: bytes) -> None:
    feed = rss([product("a"), product("b"), product("c")]).replace(b"<g:title>The b</g:title>", inside)

    said = understood(FeedSource(written(tmp_path / "feed.xml", feed)))

    assert [each if isinstance(each, str) else "good" for each in said] == ["good", "too-long", "good"]


def test_feed_that_breaks_off_keeps_what_came_before(lake: Lake, tmp_path: Path) -> None:
    written(tmp_path / "0.jpg", picture(0))
    feed = rss([product(str(at)) for at in range(50)])

    report = import_source(lake, written(tmp_path / "feed.xml", feed[: len(feed) // 2]), ONE)

    assert report.accepted > 15
    assert report.by_code == {"broken-file": 1}
    assert list(refusals(report).values()) == ["broken-file"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_feed_never_raises_and_never_loses_a_row(tmp_path: Path, data: st.DataObject) -> None:
    feed = bytearray(rss([product(str(at), price="5 EUR") for at in range(8)]))
    for _ in range(data.draw(st.integers(1, 5))):
        feed[data.draw(st.integers(0, len(feed) - 1))] = data.draw(st.integers(0, 255))
    path = written(tmp_path / "feed.xml", bytes(feed))

    try:
        rows = list(FeedSource(path).rows())
    except InputError:
        return

    assert [row.row for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 8 or rows[-1].error is not None or b"<item>" * 8 not in bytes(feed)


def test_memory_of_a_feed_does_not_grow_with_it(tmp_path: Path) -> None:
    def peak_of(products: int) -> int:
        path = tmp_path / f"{products}.xml"
        path.write_bytes(rss([product(str(at), description="words " * 200) for at in range(products)]))
        tracemalloc.start()
        assert sum(1 for _ in FeedSource(path).rows()) == products
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert peak_of(4_000) < 1.3 * peak_of(400)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("feed", rss([product()]), "feed"), ("feed.csv", rss([product()]), "feed"),
        ("f.gz", gzip.compress(tsv([product()])), "tsv"), ("f.txt", tsv([product()]), "tsv"),
        ("f.csv", tsv([product()], delimiter=","), "csv"),
        ("list.txt", b"# mine\n\nhttps://a.example/1.jpg\nhttp://b.example/2.png\n", "addresses"),
        ("x.json", b'{"id": 1}\n', "jsonl"), ("y", b"\xef\xbb\xbf  <feed/>", "feed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_kind_is_told_by_the_content(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    assert kind_of(SourceFiles.find(written(tmp_path / name, content))) == kind


@pytest.mark.parametrize(
    "content", [b"<!doctype html><html><body>Not found", b"<html></html>", b"<svg/>", b"\0\1\2"]
)
def test_what_is_no_catalogue_is_refused_with_what_would_be_one(
    lake: Lake, tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(InputError, match=r"needed is a"):
        import_source(lake, written(tmp_path / "feed", content), ONE)


def test_wrong_kind_is_refused_with_those_that_there_are(lake: Lake, tmp_path: Path) -> None:
    path = written(tmp_path / "feed.xml", rss([product()]))

    with pytest.raises(InputError, match=r"pictures, csv, tsv"):
        import_source(lake, path, replace(ONE, kind="spreadsheet"))
    with pytest.raises(InputError):
        import_source(lake, path, replace(ONE, kind="parquet"))


def test_gzip_that_unpacks_without_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bowerbird.lake.importing.files._UNPACKED_FREELY", 2**20)
    feed = rss([product()]).replace(b"</channel>", b" " * 50_000_000 + b"</channel>")

    rows = list(FeedSource(written(tmp_path / "feed.xml.gz", gzip.compress(feed))).rows())

    assert rows[-1].error is not None
    assert rows[-1].error.code == "broken-file"
