"""Person tokens: signed with the lake's own key, refused when changed."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bowerbird.core.errors import LakeError
from bowerbird.serve.people import KEY_FILE, PersonTokens, clear_cookie, set_cookie


def test_token_reads_back_to_the_person() -> None:
    tokens = PersonTokens(b"k" * 32)
    person = tokens.new()

    found = tokens.read(person.token)

    assert found is not None
    assert (found.person_id, found.is_new) == (person.person_id, False)


@pytest.mark.parametrize(
    "change", [str.upper, lambda token: token[:-1], lambda token: "x" + token, lambda _: ""]
)
def test_changed_token_names_nobody(change: "object") -> None:
    tokens = PersonTokens(b"k" * 32)
    token = tokens.new().token

    assert callable(change)
    assert tokens.read(change(token)) is None


def test_signature_of_one_person_does_not_serve_another() -> None:
    tokens = PersonTokens(b"k" * 32)
    mine, other = tokens.new(), tokens.new()
    signature = mine.token.rpartition(".")[2]

    assert tokens.read(f"{other.person_id}.{signature}") is None


def test_token_of_another_lake_names_nobody() -> None:
    assert PersonTokens(b"k" * 32).read(PersonTokens(b"j" * 32).new().token) is None


def test_key_of_a_lake_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    token = PersonTokens.of_lake(tmp_path).new().token

    assert PersonTokens.of_lake(tmp_path).read(token) is not None
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_servers_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: PersonTokens.of_lake(tmp_path), range(16)))
    token = made[0].new().token

    assert all(tokens.read(token) is not None for tokens in made)


def test_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")

    with pytest.raises(LakeError, match="5 bytes"):
        PersonTokens.of_lake(tmp_path)


def test_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites() -> None:
    assert "HttpOnly" in set_cookie("t", is_secure=False)
    assert "SameSite=Lax" in set_cookie("t", is_secure=False)
    assert "Secure" in set_cookie("t", is_secure=True)
    assert "Max-Age=0" in clear_cookie(is_secure=False)
