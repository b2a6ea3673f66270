"""The closed loop: simulated people use a real server over a real lake."""

import json
import re
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))
from live_server import build_lake, settings_of

from bowerbird.cli.main import main
from bowerbird.cli.up import simulated
from bowerbird.core.actions import Action
from bowerbird.core.errors import InputError, StageUnavailableError
from bowerbird.lake.lake import Lake
from bowerbird.world.client import ApiClient
from bowerbird.world.seen import ID_PREFIX
from bowerbird.world.served import server_of


@pytest.fixture(scope="module")
def lake_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_lake(tmp_path_factory.mktemp("visited"))


@pytest.fixture(scope="module")
def address(lake_path: Path) -> Iterator[str]:
    with server_of(settings_of(lake_path)) as address:
        yield address


def test_people_see_pages_act_and_keep_boards_through_the_api(
    address: str, lake_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knobs = tmp_path / "knobs.toml"
    knobs.write_text("people.sessions_a_day = 4.0\nbehaviour.query_share = 0.5\nslate = 10\n")
    words = ["--lake", str(lake_path), "--server", address, "--people", "4", "--days", "1", "--seed", "3"]

    assert main(["world", "visit", *words, "--knobs", str(knobs), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["pages"] > 5
    assert told["searches"] > 0
    assert told["unknown_items"] == 0
    assert 0.0 < told["share_of_best_worth"] <= 1.0
    with Lake.open(lake_path) as lake:
        events = [event for _, event in lake.events.replay()]
        people = {event.person_id for event in events}
        assert 2 <= len(people) <= 4
        assert all(person.startswith(ID_PREFIX) for person in people)
        saves = [event for event in events if event.action is Action.SAVE]
        assert len(saves) == told["saves"] > 0
        assert sum(len(lake.records.boards.of_owner(person)) for person in people) == told["boards"] > 0
        shown = [event for event in events if event.action is Action.IMPRESSION]
        assert all(event.request_id and event.session_id and event.position >= 0 for event in shown)
        assert {event.query for event in events if event.action is Action.SEARCH} - {""}
        assert sum(len(lake.online.seen(person)) for person in people) > 20

    assert simulated_people(address) == 4
    assert main(["world", "remove", "--lake", str(lake_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["boards"] == told["boards"]
    assert simulated_people(address) == 0


def test_up_lets_people_live_in_a_lake_without_any_and_only_then(lake_path: Path) -> None:
    settings = settings_of(lake_path)

    first, again = simulated(6, settings), simulated(6, settings)

    assert re.fullmatch(r"\d simulated people lived here for 14 days: [\d,]+ events", first)
    assert re.fullmatch(r"\d simulated people are there", again)
    assert main(["world", "remove", "--lake", str(lake_path)]) == 0


def simulated_people(address: str) -> int:
    """What the page is told."""
    with urllib.request.urlopen(f"{address}/v1/me", timeout=30) as answer:
        return int(json.load(answer)["simulated_people"])


def test_what_the_server_refuses_is_told(address: str) -> None:
    told = pytest.raises(InputError, match="answered 401 to GET /v1/feed")

    with closing(ApiClient(address)) as client, told:
        client.get("/v1/feed", "somebody.else", limit=5)


@pytest.mark.parametrize("given", ["localhost:8330", "ftp://there", "http://"])
def test_what_is_no_address_is_told(given: str) -> None:
    with pytest.raises(InputError, match="needed is an address such as"):
        ApiClient(given)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(StageUnavailableError, match="start `bowerbird serve`"):
        ApiClient("http://127.0.0.1:9").get("/v1/me", "")
