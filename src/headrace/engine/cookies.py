"""The cookie jar of one virtual user (RFC 6265), small because there may be tens of thousands.

Bounded as browsers bound it (RFC 6265, section 6.1): 4096 bytes a cookie, 50 cookies a domain, 3000 in all.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from time import time

_LARGEST = 4096
_MOST_PER_DOMAIN = 50
_MOST = 3000

# The parts of a date, which come in any order (RFC 6265, section 5.1.1).
_DATE_PART = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"[0-9]{1,2}(?![0-9])")
_YEAR = re.compile(r"[0-9]{2,4}(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float | None


class CookieJar:
    """Cookies by (domain, path, name), oldest first. `version` changes whenever what is sent may change.

    Texts are bytes in latin-1, so that a server gets back exactly what it set.
    """

    __slots__ = ("_cookies", "version")

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}
        self.version = 0

    def __len__(self) -> int:
        return len(self._cookies)

    def set(self, header: str, host: str, path: str, secure: bool) -> None:
        """Takes a Set-Cookie header of an answer to a request for `path` on `host`; one that does not belong is ignored."""
        cookie = _parse(header, host, path, secure)
        if cookie is None:
            return
        key = (cookie.domain, cookie.path, cookie.name)
        self.version += 1
        if cookie.expires is not None and cookie.expires <= time():
            self._cookies.pop(key, None)
            return
        self._cookies[key] = cookie
        self._evict(cookie.domain)

    def header(self, host: str, path: str, secure: bool) -> str:
        """The value of the Cookie header for a request, "" for none: longer paths first, then older cookies."""
        self._expire()
        sent = [
            cookie
            for cookie in self._cookies.values()
            if (secure or not cookie.secure)
            and (host == cookie.domain if cookie.host_only else _domain_match(host, cookie.domain))
            and _path_match(path, cookie.path)
        ]
        sent.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent)

    def expire_next(self) -> float | None:
        """When the first cookie that expires does so, in seconds since the epoch; None where none does."""
        return min((cookie.expires for cookie in self._cookies.values() if cookie.expires is not None), default=None)

    def _expire(self) -> None:
        now = time()
        for key in [key for key, cookie in self._cookies.items() if cookie.expires is not None and cookie.expires <= now]:
            del self._cookies[key]

    def _evict(self, domain: str) -> None:
        if len(self._cookies) <= _MOST_PER_DOMAIN:
            return
        of_domain = [key for key in self._cookies if key[0] == domain]
        for key in of_domain[: max(0, len(of_domain) - _MOST_PER_DOMAIN)]:
            del self._cookies[key]
        while len(self._cookies) > _MOST:
            del self._cookies[next(iter(self._cookies))]


def _parse(header: str, host: str, path: str, secure: bool) -> _Cookie | None:
    pair, *attributes = header.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    if not equals or not name or len(name) + len(value) > _LARGEST or any(c < " " or c == "\x7f" for c in name + value):
        return None
    domain, host_only, cookie_path, is_secure = host, True, _default_path(path), False
    expires: float | None = None
    max_age: float | None = None
    for attribute in attributes:
        key, _, text = attribute.partition("=")
        key, text = key.strip(" \t").lower(), text.strip(" \t")
        if key == "domain" and text:
            domain, host_only = text.removeprefix(".").lower(), False
        elif key == "path" and text.startswith("/"):
            cookie_path = text
        elif key == "secure":
            is_secure = True
        elif key == "max-age" and _SECONDS.fullmatch(text):
            max_age = 0.0 if text.startswith("-") else time() + int(text[:12])
        elif key == "expires":
            expires = _parse_date(text)
    if not host_only:
        if domain == host:
            host_only = _is_address(host)
        elif "." not in domain or not _domain_match(host, domain):
            return None  # a cookie for somebody else's domain, or for a whole top-level domain
    if is_secure and not secure:
        return None
    return _Cookie(name, value, domain, host_only, cookie_path, is_secure, expires if max_age is None else max_age)


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
