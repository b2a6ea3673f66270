"""Takes histories with times, gives the items that an HSTU-type sequence model expects next."""

from bowerbird.retrieve.hstu.config import HstuConfig
from bowerbird.retrieve.hstu.served import ServedHstu

__all__ = ["HstuConfig", "ServedHstu"]
