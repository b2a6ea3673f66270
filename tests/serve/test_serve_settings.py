"""Settings: one file plus the environment, unknown keys refused, bounds kept."""

import re
from pathlib import Path

import pytest

from bowerbird.core.errors import ConfigError
from bowerbird.serve.cores import parse_cpu_max, usable_cores
from bowerbird.serve.settings import ServeSettings, load_settings, settings_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "bowerbird.toml"
    path.write_text(text)
    return path


def test_settings_without_file_or_environment_listen_on_this_machine_only() -> None:
    settings = load_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8330)


def test_settings_file_in_the_working_folder_is_read(tmp_path: Path) -> None:
    written(tmp_path, 'port = 9000\nallowed_hosts = ["birds.example"]\n[encode]\nbatch_items = 8\n')

    settings = load_settings()

    assert settings.port == 9000
    assert settings.allowed_hosts == ("birds.example",)
    assert settings.encode.batch_items == 8


def test_environment_is_stronger_than_the_file_and_flags_are_stronger_than_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "port = 9000\nqueue_limit = 7\npage_limit = 3\n")
    monkeypatch.setenv("BOWERBIRD_PORT", "9001")
    monkeypatch.setenv("BOWERBIRD_QUEUE_LIMIT", "8")

    settings = load_settings(flags={"port": 9002, "host": None})

    assert (settings.port, settings.queue_limit, settings.page_limit) == (9002, 8, 3)


def test_environment_changes_one_value_of_a_table_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "[encode]\nbatch_items = 8\nthreads = 3\n")
    monkeypatch.setenv("BOWERBIRD_ENCODE__THREADS", "2")

    encode = load_settings().encode

    assert (encode.batch_items, encode.threads) == (8, 2)


@pytest.mark.parametrize("text", ["prot = 1\n", "[encode]\nenncoder = 'lite0'\n"])
def test_unknown_key_in_the_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"prot|enncoder"):
        load_settings(written(tmp_path, text))


def test_unknown_name_in_the_environment_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOWERBIRD_PROT", "1")

    with pytest.raises(ConfigError, match="BOWERBIRD_PROT"):
        load_settings()


@pytest.mark.parametrize(
    "text",
    ["port = 70000\n", "threads = 0\n", "upload_limit_mb = 0\n", "page_limit_max = 501\n", "host = 1\n"],
)
def test_value_out_of_bounds_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="setting"):
        load_settings(written(tmp_path, text))


def test_file_that_is_not_toml_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bowerbird\.toml is not TOML"):
        load_settings(written(tmp_path, "port: 1\n"))


def test_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "other.toml")


def test_printed_settings_read_back_to_the_same(tmp_path: Path) -> None:
    settings = ServeSettings(port=9000, allowed_hosts=("a.example", "*.b.example"), lake=Path('a "b"'))

    assert load_settings(written(tmp_path, settings_text(settings))) == settings


@pytest.mark.parametrize(("text", "cores"), [("max 100000\n", None), ("150000 100000\n", 1.5), ("", None)])
def test_cgroup_limit_is_read_in_cores(text: str, cores: float | None) -> None:
    assert parse_cpu_max(text) == cores


def test_usable_cores_are_at_least_one() -> None:
    assert usable_cores() >= 1


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        ({}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "0.0.0.0", "allow_edits": True}, True),
        ({"allow_edits": False}, False),
    ],
)
def test_edits_are_taken_from_other_machines_only_when_that_is_said(
    given: dict[str, object], takes: bool
) -> None:
    assert load_settings(flags=given).takes_edits is takes


def test_table_of_the_feed_in_the_documents_is_read_and_printed_back(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "blend.md").read_text(), flags=re.DOTALL)
    read = load_settings(written(tmp_path, example))

    (target,) = read.feed.blend.targets
    assert (target.name, target.share) == ("shop", 0.25)
    assert load_settings(written(tmp_path, settings_text(read))) == read


@pytest.mark.parametrize(
    "text", ["[feed]\nrandom_share = 0.1", "[feed.blend]\nleast_fresh = 0.9\nmost_fresh = 0.1"]
)
def test_feed_that_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"random_share|least_fresh"):
        load_settings(written(tmp_path, text))
