"""The HTTP client of a virtual user: its cookies, cache, logins and redirects, and what each request of it measured."""

import ssl
from enum import Enum
from time import perf_counter_ns, time
from typing import TYPE_CHECKING, Protocol

from headrace.engine.http.answer import Answer
from headrace.engine.http.authentication import BasicState, DigestState, answer_challenge
from headrace.engine.http.cache import BrowserCache, Fresh
from headrace.engine.http.connection import Connection
from headrace.engine.http.connections import Connections
from headrace.engine.http.cookies import CookieJar
from headrace.engine.http.failures import (
    Failure,
    bad_redirect,
    http_error,
    too_many_redirects,
    unanswered,
    unexpected_status,
)
from headrace.engine.http.heads import Head
from headrace.engine.http.prepared import Origin, Prepared
from headrace.engine.measuring.measures import RequestMeasure

if TYPE_CHECKING:
    from headrace.engine.http.line import Line
    from headrace.engine.users.scenario import ScenarioLoad

_MOST_COOKIE_HEADERS = 64


class End(Enum):
    """How a request came to its end, its redirects included."""

    PASSED = "passed"
    FAILED = "failed"
    UNSENT = "unsent"  # failed before anything could be sent
    CUT = "cut"  # wanted before the load ended, and not sent any more


PASSED, FAILED, UNSENT, CUT = End.PASSED, End.FAILED, End.UNSENT, End.CUT  # an attribute of an Enum is slow to look up


class Wanting(Protocol):
    """Who hears of the end of every request that it fetches; before, it gets the answer where it wants to look at it.

    `now` is when it came to want what it fetches, in ns: late where it is behind its pace.
    """

    answer: Answer | None
    now: int

    def ended(self, end: End, now: int) -> None: ...


class Client:
    """`requests` counts those that ended; whoever wants to know sets it to 0. Times are ns of the performance counter.

    `status` is that of the last response, 0 before the first and after a failure without one.
    """

    __slots__ = (
        "_cache",
        "_cookie_headers",
        "_cookie_line",
        "_idle",
        "_load",
        "_logins",
        "_wanting",
        "connections",
        "jar",
        "line",
        "requests",
        "status",
        "tls_sessions",
    )

    def __init__(self, load: "ScenarioLoad", connections: Connections, wanting: Wanting, line: "Line | None" = None) -> None:
        self.requests = 0
        self.status = 0
        self.connections = connections
        self.line = line
        self.jar: CookieJar | None = None
        self.tls_sessions: dict[Origin, ssl.SSLSession] | None = None
        self._load = load
        self._wanting = wanting
        self._idle = connections.idle
        # For the cookies of most sites, which are sent everywhere; else by what is asked for.
        self._cookie_line: tuple[int, Origin, bytes] | None = None
        self._cookie_headers: dict[tuple[Origin, str], tuple[int, float | None, bytes]] | None = None
        self._cache: BrowserCache | None = None
        self._logins: dict[Origin, DigestState | BasicState] | None = None

    def fetch(self, request: Prepared, wanted_at: int, now: int, hops: int = 0) -> None:
        """Sends a request, as soon as there is a connection for it. `hops` counts the redirects that led to it."""
        if request.special:
            known = self._prepare_specially(request, wanted_at)
            if known is None:
                return
            request = known
        idle = self._idle.get(request.origin)
        if idle:
            connection = idle.pop()
            data = request.data if self.jar is None else self._with_cookies(self.jar, request)
            connection.owner = self
            connection.send(request, data, wanted_at, now, hops)
        else:
            self.connections.fetch(self, request, wanted_at, now, hops)

    def send(self, connection: Connection, request: Prepared, wanted_at: int, now: int, hops: int) -> None:
        """Sends a request on a connection that was opened or has become free for it."""
        data = request.data if self.jar is None else self._with_cookies(self.jar, request)
        connection.owner = self
        connection.send(request, data, wanted_at, now, hops)

    def began_at(self, wanted_at: int) -> int:
        """When the time-out of a request under way begins: the time that a user is behind its pace is no part of it."""
        return max(wanted_at, self._wanting.now)

    # Cookies

    def _with_cookies(self, jar: CookieJar, request: Prepared) -> bytes:
        known = self._cookie_line
        if known is not None and known[0] == jar.version and known[1] is request.origin and jar.everywhere:
            line = known[2]
        else:
            line = self._make_cookie_line(jar, request)
        return request.head + line + request.body if line else request.data

    def _make_cookie_line(self, jar: CookieJar, request: Prepared) -> bytes:
        """The last line of the head, and the end of it; b"" where there is no cookie to send."""
        origin = request.origin
        key = (origin, request.path)
        headers = self._cookie_headers
        known = headers.get(key) if headers is not None else None
        if known is not None and known[0] == jar.version and (known[1] is None or time() < known[1]):
            return known[2]
        cookies = jar.header(origin.host, request.path, origin.secure)
        line = f"Cookie: {cookies}\r\n\r\n".encode("latin-1") if cookies else b""
        if jar.everywhere:
            self._cookie_line = jar.version, origin, line
            return line
        if headers is None:
            headers = self._cookie_headers = {}
        elif len(headers) >= _MOST_COOKIE_HEADERS:
            headers.clear()
        headers[key] = jar.version, jar.expire_next(), line
        return line

    def _take_cookies(self, request: Prepared, head: Head) -> None:
        if self.jar is None:
            self.jar = CookieJar()
        origin = request.origin
        for header in head.cookies:
            self.jar.set(header, origin.host, request.path, origin.secure)

    # Caches and logins

    def _prepare_specially(self, request: Prepared, wanted_at: int) -> Prepared | None:
        """The request with what cache and login add to it; None where the cache answers."""
        if request.terms.cached and request.method == "GET":
            if self._cache is None:
                self._cache = BrowserCache()
            found = self._cache.look_up(request.url, time(), looked_at=request.keep > 0)
            if isinstance(found, Fresh):
                self._load.loop.call_soon(self._answer_from_cache, request, found, wanted_at)
                return None
            if found is not None:
                request = request.with_headers(found.headers)
        if request.login is not None and self._logins is not None:
            login = self._logins.get(request.origin)
            if login is not None:
                request = request.with_headers([("Authorization", login.authorization(request.method, request.target))])
        return request

    def _answer_from_cache(self, request: Prepared, fresh: Fresh, wanted_at: int) -> None:
        if self._load.stopping:
            self._wanting.ended(CUT, perf_counter_ns())
            return
        if wanted_at >= self._load.measured_from:
            request.measure.cached += 1
        self.status = fresh.head.status
        if request.keep:
            self._wanting.answer = Answer(fresh.head, fresh.body, request.url, jar=self.jar, measure=request.measure)
        self._wanting.ended(PASSED, perf_counter_ns())

    def _log_in(self, request: Prepared, head: Head) -> Prepared | None:
        """The request again with the proof that the server asks for; None where it asks for something else."""
        if request.login is None or request.authorized:
            return None
        try:
            login = answer_challenge(request.login, head.all("www-authenticate"), request.terms.basic)
        except ValueError:
            return None  # another scheme, or a digest that nobody can compute: the 401 stays a failure
        if self._logins is None:
            self._logins = {}
        self._logins[request.origin] = login
        again = request.with_headers([("Authorization", login.authorization(request.method, request.target))])
        again.authorized = True
        return again

    # What a connection reports

    def answered(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        self.requests += 1
        self.status = head.status
        wanted_at = connection.wanted_at
        measure = request.measure
        if wanted_at >= self._load.measured_from:
            sent_at = connection.sent_at
            if connection.first_at == now and wanted_at == sent_at:
                measure.quick.append((now - sent_at) // 1000)
            else:
                measure.slow.append(
                    ((now - wanted_at) // 1000, (now - sent_at) // 1000, (connection.first_at - sent_at) // 1000)
                )
            measure.sent += connection.sent
            measure.received += connection.received
            measure.content += connection.content
            if now - wanted_at > measure.bar:  # few are: it is among the slowest so far
                self._load.examples.slow(measure, connection, request, head, now)
        if connection.fresh:
            self._count_connecting(connection, measure)
        if not (head.plain and request.plain) or connection.lost:
            if not (head.success and request.looked_at) or connection.lost:
                self._judge(connection, request, head, now)
                return
            if head.cookies:
                self._take_cookies(request, head)
            self._wanting.answer = self._answer(connection, request, head, now)
            connection.body = b""  # an idle connection must not hold on to it
        self.connections.release(connection)
        self._wanting.ended(PASSED, now)

    def _count_connecting(self, connection: Connection, measure: RequestMeasure) -> None:
        connection.fresh = False
        if connection.wanted_at >= self._load.measured_from:
            measure.connected(connection)

    def _judge(self, connection: Connection, request: Prepared, head: Head, now: int) -> None:
        """What is to be done about an answer that is more than a plain success."""
        status = head.status
        terms = request.terms
        wanted_at = connection.wanted_at
        hops = connection.hops  # the connection may carry another request before this one's redirect is followed
        if head.cookies:
            self._take_cookies(request, head)
        follows = 300 <= status < 400 and head.location is not None and status != 304 and terms.follow
        again = self._log_in(request, head) if status == 401 else None
        passed = follows or again is not None or self._passes(request, status)
        if not passed and wanted_at >= self._load.measured_from:
            failure = http_error(status) if terms.expected is None else unexpected_status(status, terms.expected)
            self._count_failure(connection, request, failure, now)
        confirmed = self._cache_answer(connection, request, head) if terms.cached else None
        if request.keep and not follows and again is None:
            if confirmed is None:
                self._wanting.answer = self._answer(connection, request, head, now)
            else:
                self._wanting.answer = self._confirmed_answer(connection, request, confirmed, now)
            connection.body = b""  # an idle connection must not hold on to it
        if head.reusable and not connection.lost:
            self.connections.release(connection)
        else:
            connection.abort()
        if follows:
            self._redirect(request, status, head.location or "", hops + 1, wanted_at, now)
        elif again is not None:
            self._fetch_again(again, now, hops)
        else:
            self._wanting.ended(PASSED if passed else FAILED, now)

    def _passes(self, request: Prepared, status: int) -> bool:
        expected = request.expected
        return status < 400 if expected is None else status in expected or (status == 304 and request.terms.cached)

    def _cache_answer(self, connection: Connection, request: Prepared, head: Head) -> Fresh | None:
        """Takes an answer into the cache; what was there already, where the server confirms it."""
        if self._cache is None or request.method != "GET":
            return None
        if head.status == 304:
            return self._cache.revalidated(request.url, head, time())
        self._cache.keep(request.url, head, connection.body if request.keep else None, time())
        return None

    def _answer(self, connection: Connection, request: Prepared, head: Head, now: int) -> Answer:
        body, content, wanted_at = connection.body, connection.content, connection.wanted_at
        return Answer(  # by place, not by name: that takes half the time
            head,
            body,
            request.url,
            "",
            connection.data,
            (now - wanted_at) // 1000,
            0,
            content,
            connection.received - content,
            content > len(body),
            self.jar,
            "utf-8",
            request.measure,
            wanted_at >= self._load.measured_from,
        )

    def _confirmed_answer(self, connection: Connection, request: Prepared, confirmed: Fresh, now: int) -> Answer:
        """What the cache has and the server has confirmed."""
        answer = self._answer(connection, request, confirmed.head, now)
        answer.body, answer.size, answer.cut = confirmed.body, len(confirmed.body), False
        return answer

    def broken(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        self._count_unanswered(connection, request, failure, now)
        self._wanting.ended(FAILED, now)

    def abandon(self, connection: Connection, request: Prepared, now: int) -> None:
        """The load is over and this was sent and never answered: it failed, and nobody waits for it any more."""
        self._count_unanswered(connection, request, unanswered(), now)

    def unconnected(self, request: Prepared, wanted_at: int, failure: Failure) -> None:
        """There was no connection for a request."""
        now = perf_counter_ns()
        self.requests += 1
        if wanted_at >= self._load.measured_from:
            measure = request.measure
            measure.unsent.append((now - wanted_at) // 1000)
            measure.failed += 1
            if measure.recorded:
                self._load.measures.error(failure, measure.name, request.url, request.method)
        self._wanting.ended(UNSENT, now)

    def cut(self) -> None:
        """A request was not sent any more, because the load has ended."""
        self._wanting.ended(CUT, perf_counter_ns())

    def closed(self, connection: Connection) -> None:
        self.connections.closed(connection)

    def _count_unanswered(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        self.requests += 1
        self.status = 0
        if connection.wanted_at >= self._load.measured_from:
            measure = request.measure
            service = (now - connection.sent_at) // 1000
            first_byte = (connection.first_at - connection.sent_at) // 1000 if connection.received else -1
            measure.slow.append(((now - connection.wanted_at) // 1000, service, first_byte))
            measure.sent += connection.sent
            measure.received += connection.received
            if connection.fresh:
                self._count_connecting(connection, measure)
            self._count_failure(connection, request, failure, now)

    def _count_failure(self, connection: Connection, request: Prepared, failure: Failure, now: int) -> None:
        measure = request.measure
        measure.failed += 1
        if measure.recorded:
            self._load.measures.error(failure, measure.name, request.url, request.method)
            self._load.examples.failed(measure, connection, request, failure, now)

    def _redirect(self, request: Prepared, status: int, location: str, hops: int, wanted_at: int, now: int) -> None:
        load = self._load
        if load.stopping:
            self._wanting.ended(CUT, now)
            return
        if hops > load.max_redirects:
            self._fail_redirect(request, too_many_redirects(load.max_redirects), wanted_at, now)
            return
        try:
            target = request.terms.redirect(request, status, location)
        except ValueError as error:
            self._fail_redirect(request, bad_redirect(location, str(error)), wanted_at, now)
            return
        self.fetch(target, now, now, hops)

    def _fetch_again(self, request: Prepared, now: int, hops: int) -> None:
        if self._load.stopping:
            self._wanting.ended(CUT, now)
        else:
            self.connections.fetch(self, request, now, now, hops)

    def _fail_redirect(self, request: Prepared, failure: Failure, wanted_at: int, now: int) -> None:
        # The answer was counted as passed a moment ago, before anybody knew that it leads nowhere.
        if wanted_at >= self._load.measured_from:
            request.measure.failed += 1
            if request.measure.recorded:
                self._load.measures.error(failure, request.measure.name, request.url, request.method)
        self._wanting.ended(FAILED, now)
