"""This file is about pictures that rows name by address: fetched when they are new, many at once."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

from bowerbird.lake.fetching.addresses import parse_address
from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.fetching.types import Fetched, FetchError
from bowerbird.lake.importing.types import PictureBase, PictureRef, RowError

_PLAIN = re.compile(
    r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z]{2,}/[A-Za-z0-9/._~=&-]{0,800}(?:\?[A-Za-z0-9/._~=&-]{1,800})?"
)
_SCHEMES = ("http://", "https://")


class RemoteBase:
    """Pictures at http and https addresses; every other name is left to the base beside the table."""

    def __init__(
        self,
        beside: PictureBase,
        fetcher: Fetcher,
        address: str = "",
        on_fetched: Callable[[str, Fetched], object] | None = None,
    ) -> None:
        """Names that are no addresses are relative to `address`, or without one left to `beside`."""
        self.is_far = bool(getattr(beside, "is_far", False))
        self._beside = beside
        self._fetcher = fetcher
        self._address = address
        self._on_fetched = on_fetched or (lambda _address, _fetched: None)

    def find(self, name: str) -> PictureRef:
        """The picture under this name; an address is only looked at, not asked.

        Its stamp is the address itself: a row whose address the lake has taken in is unchanged.

        Raises:
            RowError: it is no address that can be fetched, or it is not there.
        """
        if not is_address(name):
            if not self._address:
                return self._beside.find(name)
            name = urljoin(self._address, name)
        if _PLAIN.fullmatch(name):
            return PictureRef(name, name)  # what parsing it would give, for a tenth of the time
        try:
            text = parse_address(name).text
        except FetchError as error:
            raise _as_row_error(error, name) from error
        return PictureRef(text, text)

    def read(self, ref: PictureRef, max_bytes: int) -> bytes:
        """Its bytes.

        Raises:
            RowError: they cannot be had.
        """
        if ref.content is not None or not is_address(ref.name):
            return self._beside.read(ref, max_bytes)
        try:
            fetched = self._fetcher.fetch(ref.name)
        except FetchError as error:
            raise _as_row_error(error, ref.name) from error
        self._on_fetched(ref.name, fetched)
        return fetched.content


def is_address(name: str) -> bool:
    """Whether a name is to be fetched."""
    return name[:8].lower().startswith(_SCHEMES)


def _as_row_error(error: FetchError, name: str) -> RowError:
    said = str(error).removesuffix(f"; {error.hint}")
    return RowError(said, field="picture", code=error.code, hint=error.hint, received=f"{name}: {said}")
