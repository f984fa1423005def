"""The URLs that a test may name, and the form in which they are sent."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit

LONGEST = 8192
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff\s]")
_AUTHORITY = re.compile(r"(\[[^\[\]@]*\]|[^\[\]:@]*)(?::([0-9]*))?")
_NAME = re.compile(r"([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")


def check_url(url: str) -> str:
    """The URL as it is sent: host in ASCII and lower case, other characters percent-encoded, a path always, no fragment.

    Raises ValueError with what is wrong and what to write instead, in words that follow the name of the URL. Its result
    passes unchanged.
    """
    if len(url) > LONGEST:
        raise ValueError(f"is {len(url)} characters long; at most {LONGEST} are allowed")
    if _FORBIDDEN.search(url):
        raise ValueError("contains a blank, a backslash or a control character; percent-encode it")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is not a URL; write it like http://host:port/path") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("is neither an http:// nor an https:// address")
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    checked = f"{parts.scheme}://{_origin(parts.scheme, parts.netloc)}{path}{query}"
    if len(checked) > LONGEST:
        raise ValueError(f"is {len(checked)} characters long when percent-encoded; at most {LONGEST} are allowed")
    return checked


def without_login(url: str) -> str:
    """A URL for a message: of a user and a password in it nothing is shown."""
    return _LOGIN.sub("…@", url)


def _origin(scheme: str, netloc: str) -> str:
    if "@" in netloc:
        raise ValueError("contains a user name or password; they are not taken from a URL")
    authority = _AUTHORITY.fullmatch(netloc)
    if authority is None:
        raise ValueError("has a host or port that is none; write it like http://host:port/path or http://[address]:port/")
    host, port = authority[1], authority[2]
    if not host:
        raise ValueError("names no host; write it like http://host/path")
    if not port:
        return _host(host)
    if len(port) > 5 or not 1 <= int(port) <= 65535:
        raise ValueError(f"has the port {port[:10]}; ports are 1 to 65535")
    default = {"http": 80, "https": 443}[scheme]
    return _host(host) if int(port) == default else f"{_host(host)}:{int(port)}"


def _host(host: str) -> str:
    if host.startswith("["):
        return _address_v6(host)
    if len(host) > 253:  # before the codec, which is slow for long names
        raise ValueError("has a host name of more than 253 characters")
    try:
        name = host.encode("ascii" if host.isascii() else "idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError(f"has a host name, '{host[:100]}', that cannot be encoded") from None
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise ValueError(f"has a host name, '{host[:100]}', that is none")
    # 127.1, 0x7f000001 and 2130706433 are addresses to some resolvers. One spelling is enough, and it can be judged.
    if not _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]):
        return name
    try:
        return str(IPv4Address(name.rstrip(".")))
    except AddressValueError:
        raise ValueError(f"has a host, '{host[:100]}', that is no address; write it like 192.0.2.1") from None


def _address_v6(host: str) -> str:
    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError:
        raise ValueError(f"has a host, '{host[:100]}', that is no address; write it like [2001:db8::1]") from None
    if address.scope_id is not None:
        raise ValueError(f"has a host, '{host[:100]}', with a zone; write the address without it")
    return f"[{address}]"
