"""The browser cache of one virtual user (RFC 9111, a private cache): what a load test needs of it, and not more.

Kept are answers to GET with status 200 or 203: their times and validators, and the body only where somebody looks at it.
Vary is obeyed so: a user sends the same headers each time, but for cookies and credentials; what varies by these is asked
for again each time, and by its entity tag only. Times are seconds since the epoch.
"""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from headrace.engine.http.heads import Head

_MOST = 200
_LARGEST_BODY = 512 * 1024
_MOST_BYTES = 4 * 1024 * 1024
# Heads for answers that nobody looks at: the real ones would take most of the memory.
_BARE = {status: Head(status, 0, True) for status in (200, 203)}
_LONGEST_AGE = 2**31
_VARYING = frozenset(("cookie", "authorization"))


@dataclass(frozen=True, slots=True)
class Fresh:
    """An answer that need not be asked for again. Where nobody looks at it, `head` has the status only and `body` is b""."""

    head: Head
    body: bytes


@dataclass(frozen=True, slots=True)
class Stale:
    """An answer that the server may confirm with a 304 when it is asked with these headers."""

    headers: tuple[tuple[str, str], ...]


class _Entry:
    """`lifetime` is how long an answer is fresh from its making; `body` is None where none was kept."""

    __slots__ = ("body", "fresh_until", "head", "lifetime", "stale")

    def __init__(self, head: Head, body: bytes | None, lifetime: float, fresh_until: float, stale: Stale) -> None:
        self.head = head
        self.body = body
        self.lifetime = lifetime
        self.fresh_until = fresh_until
        self.stale = stale


class BrowserCache:
    """At most 200 answers by their URLs, and 4 MiB of bodies: what was not asked for longest goes first."""

    __slots__ = ("_bytes", "_entries")

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def look_up(self, url: str, now: float, looked_at: bool = False) -> Fresh | Stale | None:
        """What is known of a URL that is to be fetched with GET; with `looked_at` only if its body was kept."""
        entry = self._entries.get(url)
        if entry is None or (looked_at and entry.body is None):
            return None
        self._entries[url] = self._entries.pop(url)
        if now < entry.fresh_until:
            return Fresh(entry.head, entry.body or b"")
        return entry.stale if entry.stale.headers else None

    def keep(self, url: str, head: Head, body: bytes | None, now: float) -> None:
        """Takes the answer to a GET, whatever its status. `body` is None where nobody looks at it."""
        if head.status == 304:
            self.revalidated(url, head, now)
        elif head.status in _BARE:
            self.store(url, head, now, body)
        elif head.status < 500:
            self.forget(url)  # it is something else now; a server in trouble says nothing about it

    def store(self, url: str, head: Head, now: float, body: bytes | None = None) -> None:
        """Keeps an answer with status 200 or 203, if that may be done and is of use."""
        self.forget(url)
        policy = _policy(head, now)
        if policy is None or (body is not None and len(body) > _LARGEST_BODY):
            return
        lifetime, stale = policy.lifetime or 0.0, policy.stale
        if policy.lifetime is None and policy.modified is not None and not policy.tag_only:
            lifetime = max(0.0, (policy.date or now) - policy.modified) / 10  # RFC 9111, 4.2.2
        fresh_until = now + lifetime - _age(policy, now)
        if policy.tag_only:
            fresh_until = 0.0
        if fresh_until <= now and not stale.headers:
            return
        self._entries[url] = _Entry(_BARE[head.status] if body is None else head, body, lifetime, fresh_until, stale)
        self._bytes += len(body or b"")
        while len(self._entries) > _MOST or self._bytes > _MOST_BYTES:
            self.forget(next(iter(self._entries)))

    def revalidated(self, url: str, head: Head, now: float) -> Fresh | None:
        """Takes a 304 and returns the answer that it confirms; None where that is not kept any more."""
        entry = self._entries.get(url)
        if entry is None:
            return None
        known = Fresh(entry.head, entry.body or b"")
        policy = _policy(head, now)
        if policy is None:
            self.forget(url)
            return known
        if policy.lifetime is not None:
            entry.lifetime = policy.lifetime
        entry.fresh_until = 0.0 if policy.tag_only else now + entry.lifetime - _age(policy, now)
        if policy.stale.headers:
            entry.stale = policy.stale
        return known

    def stored(self, url: str) -> Fresh | None:
        """The answer that is kept for a URL, fresh or not."""
        entry = self._entries.get(url)
        return Fresh(entry.head, entry.body or b"") if entry is not None else None

    def forget(self, url: str) -> None:
        """Drops what is known of a URL, as after a POST to it that the server accepted (RFC 9111, 4.4)."""
        entry = self._entries.pop(url, None)
        if entry is not None:
            self._bytes -= len(entry.body or b"")

    def clear(self) -> None:
        self._entries.clear()
        self._bytes = 0


@dataclass(frozen=True, slots=True)
class _Policy:
    """What a head says about caching; `lifetime` in seconds is None where it says nothing about that."""

    lifetime: float | None
    date: float | None
    age: float
    modified: float | None
    stale: Stale
    tag_only: bool


def _policy(head: Head, now: float) -> _Policy | None:
    """None where the answer must not be kept."""
    directives: dict[str, str] = {}
    values: dict[str, str] = {}
    vary: set[str] = set()
    for name, value in head.headers:
        if name == "cache-control":
            for directive in value.split(","):
                key, _, argument = directive.partition("=")
                directives.setdefault(key.strip().lower(), argument.strip(' \t"'))
        elif name == "vary":
            vary.update(field.strip().lower() for field in value.split(","))
        elif name in ("date", "age", "expires", "etag", "last-modified", "pragma"):
            values.setdefault(name, value.strip())
    if "no-store" in directives or "*" in vary:
        return None
    tag_only = not _VARYING.isdisjoint(vary)
    date, modified = _date(values.get("date")), _date(values.get("last-modified"))
    validators = []
    if "etag" in values:
        validators.append(("If-None-Match", values["etag"]))
    if modified is not None and not tag_only:
        validators.append(("If-Modified-Since", values["last-modified"]))
    age = values.get("age", "")
    return _Policy(
        _lifetime(directives, values, date or now), date, _seconds(age), modified, Stale(tuple(validators)), tag_only
    )


def _lifetime(directives: dict[str, str], values: dict[str, str], made: float) -> float | None:
    if "no-cache" in directives or (not directives and "no-cache" in values.get("pragma", "").lower()):
        return 0.0
    if "max-age" in directives:
        return _seconds(directives["max-age"])
    if "expires" in values:
        expires = _date(values["expires"])
        return max(0.0, expires - made) if expires is not None else 0.0
    return None


def _age(policy: _Policy, now: float) -> float:
    """How old an answer is on arrival (RFC 9111, 4.2.3)."""
    return max(policy.age, now - policy.date if policy.date is not None else 0.0)


def _seconds(text: str) -> float:
    """A number of seconds; 0 where it is none."""
    return float(min(int(text[:20]), _LONGEST_AGE)) if text.isascii() and text.isdigit() else 0.0


def _date(text: str | None) -> float | None:
    return _parse_date(text) if text and len(text) <= 64 else None


@lru_cache(maxsize=1024)
def _parse_date(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
