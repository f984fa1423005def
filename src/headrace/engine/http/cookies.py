"""The cookie jar of one virtual user (RFC 6265, and its successor's prefixes), small because there may be tens of thousands.

Bounded as browsers bound it (RFC 6265, section 6.1): 4096 bytes a cookie, 50 cookies a domain, 3000 in all.

Users get the same cookies with different values. So all of a cookie but its value is read once, and shared by all jars.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from ipaddress import ip_address
from pathlib import Path
from time import time
from urllib.parse import urlsplit

from publicsuffixlist import PSLFILE

_LARGEST = 4096
_MOST_PER_DOMAIN = 50
_MOST = 3000

# What is longer is read anew each time: a hostile server must not fill the memory with what it will never send again.
_LONGEST_SHARED = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# The parts of a date, which come in any order (RFC 6265, section 5.1.1).
_DATE_PART = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"[0-9]{1,2}(?![0-9])")
_YEAR = re.compile(r"[0-9]{2,4}(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """All of a cookie but its value. `lifetime` is Max-Age in seconds, which goes before `expires`."""

    name: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    lifetime: float | None
    expires: float | None


class _Cookie:
    __slots__ = ("expires", "kind", "value")

    def __init__(self, kind: _Kind, value: str, expires: float | None) -> None:
        self.kind = kind
        self.value = value
        self.expires = expires


class CookieJar:
    """Cookies, oldest first. `version` changes whenever what is sent may change, but for the end of a cookie's time.

    `everywhere`: what is sent to a host is the same for all its paths and at all times.

    Texts are bytes in latin-1, so that a server gets back exactly what it set.
    """

    __slots__ = ("_cookies", "everywhere", "version")

    def __init__(self) -> None:
        self._cookies: list[_Cookie] = []
        self.everywhere = True
        self.version = 0

    def __len__(self) -> int:
        return len(self._cookies)

    def set(self, header: str, host: str, path: str, secure: bool) -> None:
        """Takes a Set-Cookie header of an answer to a request for `path` on `host`; one that does not belong is ignored."""
        pair, _, attributes = header.partition(";")
        name, equals, value = pair.partition("=")
        name, value = name.strip(" \t"), value.strip(" \t")
        if not equals or not name or len(name) + len(value) > _LARGEST:
            return
        if not pair.isprintable() and (_CONTROL.search(value) or _CONTROL.search(name)):
            return
        shared = len(attributes) + len(name) + len(path) <= _LONGEST_SHARED
        kind = (_kind if shared else _read_kind)(name, attributes, host, path, secure)
        if kind is None:
            return
        if kind.lifetime is not None:
            self._put(kind, value, time() + kind.lifetime, gone=kind.lifetime <= 0)
        elif kind.expires is not None:
            self._put(kind, value, kind.expires, gone=kind.expires <= time())
        else:
            self._put(kind, value, None, gone=False)

    def header(self, host: str, path: str, secure: bool) -> str:
        """The value of the Cookie header for a request, "" for none: longer paths first, then older cookies."""
        sent = self._matching(host, path, secure)
        if len(sent) == 1:
            return f"{sent[0].kind.name}={sent[0].value}"
        return "; ".join([f"{cookie.kind.name}={cookie.value}" for cookie in sent])

    def values_for(self, name: str, url: str) -> list[str]:
        """The values that cookies of this name have in a request for a URL, in the order in which they are sent."""
        parts = urlsplit(url)
        sent = self._matching(parts.hostname or "", parts.path or "/", parts.scheme == "https")
        return [cookie.value for cookie in sent if cookie.kind.name == name]

    def clear(self) -> None:
        self._cookies.clear()
        self.version += 1

    def expire_next(self) -> float | None:
        """When the first cookie that expires does so, in seconds since the epoch; None where none does."""
        return min((cookie.expires for cookie in self._cookies if cookie.expires is not None), default=None)

    def _put(self, kind: _Kind, value: str, expires: float | None, gone: bool) -> None:
        cookies = self._cookies
        for index, cookie in enumerate(cookies):
            old = cookie.kind
            if old is kind or (old.name == kind.name and old.domain == kind.domain and old.path == kind.path):
                if gone:
                    del cookies[index]
                elif old is kind and cookie.value == value and _outlasts(expires, cookie.expires):
                    cookie.expires = expires  # nothing that is sent changes
                    return
                else:
                    self.everywhere = self.everywhere and kind.path == "/" and expires is None
                    cookies[index] = _Cookie(kind, value, expires)
                self.version += 1
                return
        if not gone:
            self.everywhere = self.everywhere and kind.path == "/" and expires is None
            cookies.append(_Cookie(kind, value, expires))
            self.version += 1
            if len(cookies) > _MOST_PER_DOMAIN:
                self._evict(kind.domain)

    def _matching(self, host: str, path: str, secure: bool) -> list[_Cookie]:
        sent = []
        sort = expired = False
        for cookie in self._cookies:
            kind = cookie.kind
            if cookie.expires is not None and cookie.expires <= time():
                expired = True
            elif (
                (secure or not kind.secure)
                and (host == kind.domain or (not kind.host_only and _domain_match(host, kind.domain)))
                and (kind.path == "/" or _path_match(path, kind.path))
            ):
                sent.append(cookie)
                sort = sort or kind.path != "/"
        if expired:
            now = time()
            self._cookies = [cookie for cookie in self._cookies if cookie.expires is None or cookie.expires > now]
        if sort:
            sent.sort(key=lambda cookie: -len(cookie.kind.path))
        return sent

    def _evict(self, domain: str) -> None:
        of_domain = [cookie for cookie in self._cookies if cookie.kind.domain == domain]
        for cookie in of_domain[: max(0, len(of_domain) - _MOST_PER_DOMAIN)]:
            self._cookies.remove(cookie)
        del self._cookies[: max(0, len(self._cookies) - _MOST)]


def _outlasts(expires: float | None, other: float | None) -> bool:
    return expires is None or (other is not None and expires >= other)


def _read_kind(name: str, attributes: str, host: str, path: str, secure: bool) -> _Kind | None:
    domain, host_only, cookie_path, is_secure = host, True, "", False
    expires: float | None = None
    lifetime: float | None = None
    for attribute in attributes.split(";"):
        key, _, text = attribute.partition("=")
        key, text = key.strip(" \t").lower(), text.strip(" \t")
        if key == "domain" and text:
            domain, host_only = text.removeprefix(".").lower(), False
        elif key == "path":
            cookie_path = text if text.startswith("/") else ""
        elif key == "secure":
            is_secure = True
        elif key == "max-age" and _SECONDS.fullmatch(text):
            lifetime = 0.0 if text.startswith("-") else float(text[:12])
        elif key == "expires":
            expires = _parse_date(text)
    if not host_only:
        if not _domain_match(host, domain):
            return None  # a cookie for somebody else's domain
        host_only = _is_address(host) or _is_public(domain)
        if host_only and domain != host:
            return None  # a cookie for a whole top-level domain, or for all customers of a hoster
    if (is_secure and not secure) or not _keeps_prefix(name, is_secure, host_only, cookie_path):
        return None
    return _Kind(name, domain, host_only, cookie_path or _default_path(path), is_secure, lifetime, expires)


_kind = lru_cache(maxsize=1024)(_read_kind)


def _keeps_prefix(name: str, secure: bool, host_only: bool, path: str) -> bool:
    """Whether the cookie is what the prefix of its name promises (RFC 6265bis, section 4.1.3)."""
    lower = name[:9].lower()
    if lower.startswith("__host-"):
        return secure and host_only and path == "/"
    return secure or lower != "__secure-"


def _is_public(domain: str) -> bool:
    """Whether anybody can have a name below this domain, as below com, co.uk and github.io (publicsuffix.org)."""
    if "." not in domain:
        return True
    try:
        name = domain.encode("ascii").decode("idna").encode()
    except UnicodeError:
        return False  # no name that the list could have
    rules = _public_suffixes()
    parent = name.partition(b".")[2]
    if b"\n%b\n" % name in rules or b"\n*.%b\n" % name in rules:
        return True
    return b"\n*.%b\n" % parent in rules and b"\n!%b\n" % name not in rules


@cache
def _public_suffixes() -> bytes:
    # Searched as it is, 0.2 ms for the first cookie of its kind: made into the library's objects the list would take 4 MB,
    # and hold up the event loop for 50 ms in the middle of a test. Not read at all where no cookie has a Domain.
    return Path(PSLFILE).read_bytes()


def _parse_date(text: str) -> float | None:
    """A cookie's date, always in UTC, as seconds since the epoch; None where it is none."""
    clock = day = month = year = None
    for part in _DATE_PART.findall(text[:200]):
        if clock is None and (found := _TIME.match(part)):
            clock = int(found[1]), int(found[2]), int(found[3])
        elif day is None and (found := _DAY.match(part)):
            day = int(found[0])
        elif month is None and part[:3].lower() in _MONTHS:
            month = _MONTHS.index(part[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(part)):
            year = int(found[0])
    if clock is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    try:
        return datetime(year, month, day, *clock, tzinfo=UTC).timestamp() if year > 1600 else None
    except ValueError:
        return None


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/"


def _is_address(host: str) -> bool:
    if ":" not in host and not host.rpartition(".")[2].isdigit():
        return False  # most hosts, and ip_address takes its time
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _domain_match(host: str, domain: str) -> bool:
    return host == domain or (host.endswith("." + domain) and not _is_address(host))


def _path_match(path: str, cookie_path: str) -> bool:
    if not path.startswith(cookie_path):
        return False
    return len(path) == len(cookie_path) or cookie_path.endswith("/") or path[len(cookie_path)] == "/"
