"""The cookie jar of one virtual user (RFC 6265), small because there may be tens of thousands.

Bounded as browsers bound it (RFC 6265, section 6.1): 4096 bytes a cookie, 50 cookies a domain, 3000 in all.
"""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from time import time

_LARGEST = 4096
_MOST_PER_DOMAIN = 50
_MOST = 3000


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
    """Cookies by (domain, path, name), oldest first. `version` changes whenever what is sent may change."""

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
        now = time()
        sent = [
            cookie
            for cookie in self._cookies.values()
            if (cookie.expires is None or cookie.expires > now)
            and (secure or not cookie.secure)
            and (host == cookie.domain if cookie.host_only else _domain_match(host, cookie.domain))
            and _path_match(path, cookie.path)
        ]
        sent.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent)

    def expire_next(self) -> float | None:
        """When the first cookie that expires does so, in seconds since the epoch; None where none does."""
        return min((cookie.expires for cookie in self._cookies.values() if cookie.expires is not None), default=None)

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
    name, value = name.strip(), value.strip()
    if not equals or not name or len(name) + len(value) > _LARGEST or any(c < " " or c == "\x7f" for c in name + value):
        return None
    domain, host_only, cookie_path, is_secure = host, True, _default_path(path), False
    expires: float | None = None
    max_age: float | None = None
    for attribute in attributes:
        key, _, text = attribute.partition("=")
        key, text = key.strip().lower(), text.strip()
        if key == "domain" and text:
            domain, host_only = text.removeprefix(".").lower(), False
        elif key == "path" and text.startswith("/"):
            cookie_path = text
        elif key == "secure":
            is_secure = True
        elif key == "max-age" and text.lstrip("-").isdecimal():
            max_age = time() + int(text[:12]) if not text.startswith("-") else 0.0
        elif key == "expires":
            expires = _date(text)
    if not host_only:
        if domain == host:
            host_only = _is_address(host)
        elif "." not in domain or not _domain_match(host, domain):
            return None  # a cookie for somebody else's domain, or for a whole top-level domain
    if is_secure and not secure:
        return None
    return _Cookie(name, value, domain, host_only, cookie_path, is_secure, expires if max_age is None else max_age)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text.replace("-", " ")).timestamp()
    except (ValueError, OverflowError):
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
