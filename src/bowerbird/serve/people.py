"""This file is about who is asking: a random id signed with the lake's own key, in a cookie or a header."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.errors import LakeError
from bowerbird.core.ids import new_id

COOKIE_NAME = "bowerbird_person"
HEADER_NAME = "bowerbird-person"
KEY_FILE = "secret.key"
_KEY_BYTES = 32
_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking.

    Attributes:
        token: the signed form that the client keeps.
        is_new: the client brought no token that is ours, so it is given this one.
    """

    person_id: str
    token: str
    is_new: bool


class PersonTokens:
    """Signs and reads person ids: nobody can take another's id without having seen their token."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._is_forgotten: Callable[[str], bool] = lambda _: False

    @classmethod
    def of_lake(cls, lake_path: Path) -> "PersonTokens":
        """With the key in `<lake>/secret.key`, made on first use and readable by the owner only.

        Raises:
            LakeError: the key cannot be read or is not 32 bytes.
        """
        path = lake_path / KEY_FILE
        try:
            _make_key(path)
            key = path.read_bytes()
        except OSError as error:
            raise LakeError(
                f"{path} cannot be read or made ({error.strerror}); "
                "the server needs it to sign cookies; make the lake folder writable"
            ) from error
        if len(key) != _KEY_BYTES:
            raise LakeError(
                f"{path} holds {len(key)} bytes; needed are {_KEY_BYTES}; delete it to get a new key "
                "(everyone then starts as a new person)"
            )
        return cls(key)

    def new(self) -> Person:
        """Someone never seen before."""
        person_id = new_id("person")
        return Person(person_id, self.token(person_id), is_new=True)

    def token(self, person_id: str) -> str:
        """The signed form of `person_id`."""
        return f"{person_id}.{self._signature(person_id)}"

    def read(self, token: str) -> Person | None:
        """Who the token names; None when we did not sign it, or its person was forgotten."""
        person_id, dot, signature = token.rpartition(".")
        if self._is_forgotten(person_id):
            return None
        if not dot or not hmac.compare_digest(signature.encode(), self._signature(person_id).encode()):
            return None
        return Person(person_id, token, is_new=False)

    def forget_those(self, is_forgotten: Callable[[str], bool]) -> None:
        """From now on whoever this says was forgotten is nobody we know: their browser starts anew."""
        self._is_forgotten = is_forgotten

    def key_for(self, what: str) -> bytes:
        """Another secret, for another use; known keys of one use say nothing about the others."""
        return hmac.new(self._key, b"key:" + what.encode(), hashlib.sha256).digest()

    def _signature(self, person_id: str) -> str:
        digest = hmac.new(self._key, b"person:" + person_id.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def set_cookie(token: str, *, is_secure: bool) -> str:
    """The `Set-Cookie` value that keeps `token` for a year."""
    return _cookie(token, _YEAR_S, is_secure=is_secure)


def clear_cookie(*, is_secure: bool) -> str:
    """The `Set-Cookie` value that makes a browser forget."""
    return _cookie("", 0, is_secure=is_secure)


def _cookie(value: str, max_age_s: int, *, is_secure: bool) -> str:
    ending = "; Secure" if is_secure else ""
    return f"{COOKIE_NAME}={value}; Max-Age={max_age_s}; Path=/; HttpOnly; SameSite=Lax{ending}"


def _make_key(path: Path) -> None:
    if path.exists():
        return
    # Written beside and linked into place: of two servers starting at once, one key wins whole.
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(_KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
