import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.blend import CursorSigner, pack_numbers, unpack_numbers
from bowerbird.core.errors import CursorError

SIGNER = CursorSigner(b"a key for tests only")


@given(st.binary(max_size=300), st.text(min_size=1, max_size=20))
def test_sealed_body_is_read_back(body: bytes, person_id: str) -> None:
    assert SIGNER.open("feed", person_id, SIGNER.seal("feed", person_id, body)) == body


@given(st.binary(min_size=1, max_size=60), st.integers(0, 10_000))
def test_cursor_with_one_letter_changed_is_refused(body: bytes, place: int) -> None:
    cursor = SIGNER.seal("feed", "ann", body)
    place %= len(cursor) - 1  # the last letter may carry unused bits
    other = "A" if cursor[place] != "A" else "B"

    with pytest.raises(CursorError):
        SIGNER.open("feed", "ann", cursor[:place] + other + cursor[place + 1 :])


def test_cursor_of_another_kind_person_or_key_is_refused() -> None:
    cursor = SIGNER.seal("feed", "ann", b"x")

    for signer, kind, person in (
        (SIGNER, "search", "ann"),
        (SIGNER, "feed", "bob"),
        (CursorSigner(b"another key"), "feed", "ann"),
    ):
        with pytest.raises(CursorError, match="not one of ours"):
            signer.open(kind, person, cursor)


def test_kind_and_person_cannot_be_shifted_into_each_other() -> None:
    cursor = SIGNER.seal("a", "b:c", b"x")

    with pytest.raises(CursorError):
        SIGNER.open("a:b", "c", cursor)


@given(st.lists(st.integers(0, 2**31), max_size=200))
def test_packed_numbers_come_back_sorted_each_once(numbers: list[int]) -> None:
    unpacked = unpack_numbers(pack_numbers(np.array(numbers, dtype=np.int64)))

    assert unpacked.tolist() == sorted(set(numbers))


def test_three_thousand_numbers_of_a_million_fit_into_an_address_line() -> None:
    numbers = np.random.default_rng(0).choice(1_000_000, 3_000, replace=False)

    cursor = SIGNER.seal("feed", "ann", pack_numbers(numbers))

    assert len(cursor) < 8_000
