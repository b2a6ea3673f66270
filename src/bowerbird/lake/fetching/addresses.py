"""This file is about addresses: which are well formed, and which machines a stranger's catalogue may reach.

A name is looked up once, every answer is checked, and the connection goes to a checked answer: a name that
answers otherwise a moment later (DNS rebinding) gains nothing.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bowerbird.lake.fetching.types import FetchError

Lookup = Callable[[str, int], Sequence[str]]
"""Host and port → every IP address that the name has."""
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST = 2_000
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_IPV4_INSIDE_IPV6 = ipaddress.ip_network("::/96")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """One address, taken apart; `host` is what certificates and the Host header name."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        """The host as requests name it."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _PORTS[self.scheme] else f"{shown}:{self.port}"

    @property
    def text(self) -> str:
        """The address as text."""
        return f"{self.scheme}://{self.host_header}{self.target}"


def parse_address(text: str) -> Address:
    """The address in a text.

    Raises:
        FetchError: it is none, of another scheme than http and https, or carries a user or password.
    """
    if len(text) > _LONGEST or any(ord(char) < 33 or ord(char) == 127 for char in text) or "\\" in text:
        raise _malformed(text)
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").removesuffix(".")
        host = host if ":" in host or host.isascii() else host.encode("idna").decode()
    except ValueError as error:
        raise _malformed(text) from error
    if parts.scheme not in _PORTS:
        raise FetchError(
            f"an address of scheme {parts.scheme[:20]!r} was received",
            code="bad-address",
            hint="only http and https addresses are fetched",
        )
    if "@" in parts.netloc or not host or port == 0 or not _is_host(host):
        raise _malformed(text)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?[]')}" if parts.query else ""
    return Address(parts.scheme, host.lower(), port or _PORTS[parts.scheme], path + query)


def checked_ips(address: Address, lookup: Lookup, allowed_hosts: frozenset[str] = frozenset()) -> list[str]:
    """The IP addresses of a host, if all of them are public; in the order of the lookup.

    Args:
        address: whose host is looked up.
        lookup: gives every answer of the name service.
        allowed_hosts: hosts that may be anywhere, because the operator has named them.

    Raises:
        FetchError: the name is unknown, or one of its machines is not on the public net.
    """
    try:
        found = list(dict.fromkeys(lookup(address.host, address.port)))
    except (OSError, UnicodeError) as error:
        raise FetchError(
            f"the host {address.host} has no address ({error})", code="unreachable", hint="check its name"
        ) from error
    if not found:
        raise FetchError(f"the host {address.host} has no address", code="unreachable", hint="check its name")
    if address.host not in allowed_hosts:
        private = [ip for ip in found if not is_public(ip)]
        if private:
            raise FetchError(
                f"the host {address.host} is {private[0]}, which is not on the public net",
                code="address-refused",
                hint="name the host with --allow-host if it is yours",
            )
    return found


def is_public(ip: str) -> bool:
    """Whether anybody on the net could reach this machine too; what an IPv6 address wraps is looked at."""
    try:
        parsed = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    return all(
        one.is_global
        and not (one.is_multicast or one.is_unspecified or one.is_reserved or one.is_loopback)
        and not one.is_link_local
        for one in _unwrapped(parsed)
    )


def system_lookup(host: str, port: int) -> Sequence[str]:
    """Every answer of the system's name service."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _unwrapped(ip: _Ip) -> list[_Ip]:
    """The machines that an address leads to: itself, or what it carries for a gateway."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    last = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip.sixtofour is not None:
        return [ip, ip.sixtofour]
    if ip.teredo is not None:
        return [ip, *ip.teredo]
    if any(ip in network for network in _NAT64):
        return [last]
    return [ip, last] if ip in _IPV4_INSIDE_IPV6 else [ip]


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            return "%" not in host and isinstance(ipaddress.ip_address(host), ipaddress.IPv6Address)
        except ValueError:
            return False
    if not _NAME.fullmatch(host.lower()) or len(host) > 253:
        return False
    if not re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)", host.lower().rpartition(".")[2]):
        return True
    # A last part that is a number makes it an IPv4 address: of its spellings only the plain one is taken.
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _malformed(text: str) -> FetchError:
    return FetchError(
        f"{text[:80]!r} is no address that can be fetched",
        code="bad-address",
        hint="give an http or https address without user, password and spaces",
    )
