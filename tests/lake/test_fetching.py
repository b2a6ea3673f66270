import json
import socket
import time
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from hostile_server import DrippingTls, HostileServer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bowerbird.lake.fetching.addresses import is_public, parse_address
from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.fetching.types import FetchError, FetchLimits
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.lake import Lake

HOST = "shop.example"
LIMITS = FetchLimits(max_bytes=200_000, total_s=1.5, idle_s=0.8, tries=2, at_once=3, longest_rest_s=1.2)


def png(shade: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((64, 48), 20 + shade).convert("RGB").save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    started = HostileServer(png(1))
    yield started
    started.shutdown()
    started.server_close()


def at_home(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def fetcher(limits: FetchLimits = LIMITS) -> Fetcher:
    return Fetcher(limits, allowed_hosts=[HOST], lookup=at_home)


def code_of(address: str, fetch: Fetcher) -> str:
    with pytest.raises(FetchError) as caught:
        fetch.fetch(address)
    return caught.value.code


def test_picture_at_an_address_is_fetched_whole(server: HostileServer) -> None:
    found = fetcher().fetch(f"http://{HOST}:{server.port}/good/vase.png?size=1#top")

    assert (found.content, found.media_type) == (server.good, "image/png")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("drip", "too-slow-server"), ("drip-headers", "too-slow-server"), ("silent", "too-slow-server"),
        ("endless", "too-many-bytes"), ("announces-much", "too-many-bytes"),
        ("announces-too-much", "truncated"), ("packed", "packed-body"), ("page", "web-page"),
        ("chunks-of-garbage", "truncated"), ("no-status", "unreachable"), ("many-headers", "unreachable"),
        ("hangs-up", "unreachable"), ("missing", "not-found"), ("loop", "too-many-redirects"),
        ("busy-long", "server-busy"),
    ],
)  # fmt: skip
def test_hostile_server_costs_no_more_than_the_limits(server: HostileServer, path: str, code: str) -> None:
    began = time.monotonic()

    assert code_of(f"http://{HOST}:{server.port}/{path}", fetcher()) == code

    assert time.monotonic() - began < 2 * LIMITS.total_s


def test_server_without_a_certificate_is_not_believed_to_be_secure(server: HostileServer) -> None:
    assert code_of(f"https://{HOST}:{server.port}/good", fetcher()) == "bad-certificate"


def test_handshake_that_drips_is_cut_off_like_an_answer() -> None:
    began = time.monotonic()

    with DrippingTls() as dripping:
        port = dripping.server_address[1]
        assert code_of(f"https://{HOST}:{port}/good", fetcher()) == "too-slow-server"
        dripping.shutdown()

    assert time.monotonic() - began < 2 * LIMITS.total_s


def test_length_that_is_nonsense_is_not_believed(server: HostileServer) -> None:
    assert fetcher().fetch(f"http://{HOST}:{server.port}/announces-nonsense").content == server.good


def test_busy_server_is_asked_again_after_the_rest_it_asked_for(server: HostileServer) -> None:
    began = time.monotonic()

    found = fetcher(FetchLimits(total_s=10.0)).fetch(f"http://{HOST}:{server.port}/busy-once")

    assert found.content == server.good
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/good", "http://localhost:{port}/good", "http://[::1]:{port}/good",
        "http://[::ffff:127.0.0.1]:{port}/good", "http://169.254.169.254/latest/meta-data",
    ],
)  # fmt: skip
def test_redirect_to_a_private_machine_is_not_followed(server: HostileServer, target: str) -> None:
    before = server.asked["/good"]
    home = {HOST: ["127.0.0.1"], "localhost": ["127.0.0.1"]}
    fetch = Fetcher(LIMITS, allowed_hosts=[HOST], lookup=lambda host, _: home.get(host, [host]))

    code = code_of(f"http://{HOST}:{server.port}/to?{target.format(port=server.port)}", fetch)

    assert code == "address-refused"
    assert server.asked["/good"] == before


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://shop.example/a", "gopher://x/", "//u:p@h/a"])
def test_redirect_to_another_kind_of_address_is_not_followed(server: HostileServer, target: str) -> None:
    assert code_of(f"http://{HOST}:{server.port}/to?{target}", fetcher()) == "bad-address"


def test_name_that_changes_its_machine_is_looked_up_once_and_checked_each_time(server: HostileServer) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["93.184.216.34", "127.0.0.1"] if len(asked) == 1 else next(answers)

    # One private machine among the answers is enough to refuse the name, and so is a later answer.
    for _ in range(2):
        assert code_of(f"http://evil.example:{server.port}/good", Fetcher(LIMITS, lookup=rebinding)) == (
            "address-refused"
        )
    assert len(asked) == 2


def test_connection_goes_to_the_checked_machine_and_not_to_a_second_lookup(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[tuple[str, int]] = []
    really = socket.create_connection

    def noted(where: tuple[str, int], **more: float) -> socket.socket:
        reached.append(where)
        return really(where, **more)

    monkeypatch.setattr(socket, "create_connection", noted)
    fetcher().fetch(f"http://{HOST}:{server.port}/good")

    assert reached == [("127.0.0.1", server.port)]


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::",
        "::127.0.0.1", "2001:db8::1", "nonsense",
    ],
)  # fmt: skip
def test_machine_that_is_not_on_the_public_net_is_told(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_machine_on_the_public_net_is_told(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "text",
    [
        "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0x7f.1/",
        "http://user:pass@shop.example/", "http://shop.example:0/", "http://shop.example:99999/",
        "http://[fe80::1%25eth0]/", "http:///a", "http://sh op.example/", "http://shop.example\\@evil/",
        "javascript:alert(1)", "data:image/png;base64,AAAA", "file:///etc/passwd", "", "shop.example/a.jpg",
        "http://shop.example/\r\nX-A: b", "http://a..b/", "http://" + "a" * 300 + "/",
    ],
)  # fmt: skip
def test_odd_address_is_refused(text: str) -> None:
    with pytest.raises(FetchError):
        parse_address(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_with_a_reason(text: str) -> None:
    for address in (text, f"http://{text}", f"https://shop.example/{text}"):
        try:
            parsed = parse_address(address)
        except FetchError:
            continue
        assert parsed.target.isascii()
        assert not set(parsed.target + parsed.host) & set(" \r\n\t")


def test_import_of_addresses_takes_the_good_and_says_why_of_the_others(
    server: HostileServer, tmp_path: Path
) -> None:
    base = f"http://{HOST}:{server.port}"
    names = ["good/0", "missing", "page", "endless", "hangs-up", *[f"good/{n}" for n in range(1, 30)]]
    rows = [{"id": f"i{n}", "title": name, "image_link": f"{base}/{name}"} for n, name in enumerate(names)]
    rows.append({"id": "inside", "title": "x", "image_link": f"http://127.0.0.1:{server.port}/good"})
    feed = tmp_path / "feed.jsonl"
    feed.write_text("\n".join(map(json.dumps, rows)))

    with Lake.open(tmp_path / "lake", create=True) as lake:
        report = import_source(lake, feed, ImportOptions(workers=1), fetcher=fetcher())
        asked = server.asked.total()
        again = import_source(lake, feed, ImportOptions(workers=1), fetcher=fetcher())

    assert (report.rows_in, report.accepted, report.rejected) == (35, 30, 5)
    assert report.by_code == {
        "not-found": 1, "web-page": 1, "too-many-bytes": 1, "unreachable": 1, "address-refused": 1,
    }  # fmt: skip
    assert (again.unchanged, again.rejected) == (30, 5)
    assert server.asked.total() - asked <= 5, "pictures that the lake has were fetched again"


def test_host_is_asked_by_no_more_than_so_many_at_once(server: HostileServer, tmp_path: Path) -> None:
    rows = [{"id": f"s{n}", "image_link": f"http://{HOST}:{server.port}/slow/{n}"} for n in range(24)]
    feed = tmp_path / "feed.jsonl"
    feed.write_text("\n".join(map(json.dumps, rows)))
    patient = FetchLimits(total_s=20.0, at_once=3)

    with Lake.open(tmp_path / "lake", create=True) as lake:
        report = import_source(lake, feed, ImportOptions(workers=1), fetcher=fetcher(patient))

    assert report.accepted == 24
    assert server.most_at_once == 3
