"""Requests of a plan made ready to send: what is the same each time is done once, before the load starts.

A request without variables becomes one `Prepared` for good. One with variables becomes a function that joins its constant
pieces with the values, checks what must be checked (a value from a response must not smuggle in a header), and is done.
"""

import re
from collections.abc import Callable, Collection, Sequence
from urllib.parse import quote, urljoin, urlsplit
from weakref import WeakValueDictionary

from headrace.engine.http.answer import Variables
from headrace.engine.http.authentication import compile_authorization, compile_login
from headrace.engine.http.bodies import UnencodableError, compile_body, compile_query
from headrace.engine.http.failures import Failure, bad_header, bad_url, bad_value
from headrace.engine.http.prepared import Origin, Prepared, Terms
from headrace.engine.http.proxy import Proxy
from headrace.engine.measuring.measures import Measures, RequestMeasure
from headrace.engine.templates import Template, UnboundError, compile_template, constant_of
from headrace.plan.model import Browser
from headrace.plan.requests import AuthScheme, Credentials, Request
from headrace.plan.urls import check_url
from headrace.ticks.tick import Name

# A header's value, or how it comes from the variables.
Value = str | Template

# Different URLs of one request, or redirects of one test, that are remembered.
_MOST_REMEMBERED = 1000
_LONGEST_NAME = 1000
_BREAKS = re.compile(r"[\r\n\0]")
_UNSAFE = re.compile(r"[^!#$%&'()*+,/:;=?@\[\]~A-Za-z0-9._-]")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_AUTHORITY = re.compile(r"[A-Za-z]+://[^/?#]*")
# What belongs to a body, and is left out when a redirect turns the request into a GET.
_OF_CONTENT = ("content-type", "content-length", "content-encoding", "content-language", "content-location")
_ANY = range(100, 1000)


class UnpreparedError(ValueError):
    """A request cannot be made from the values that its variables have; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Requests:
    """Prepares the requests of all tests, for the proxy that they go through."""

    def __init__(self, measures: Measures, proxy: Proxy | None = None) -> None:
        self._measures = measures
        self._proxy = proxy
        self._origins: WeakValueDictionary[tuple[bool, str, int], Origin] = WeakValueDictionary()

    def compile(
        self,
        request: Request,
        browser: Browser,
        name: Name,
        credentials: Credentials | None = None,
        keep: int = 0,
        keep_unknown: bool = False,
    ) -> "CompiledRequest":
        """A request as this browser sends it. `name` has the scenario and the test; the request's own credentials go before
        `credentials`, the test's.

        Raises ValueError where it is none that can be sent, whatever the values.
        """
        return CompiledRequest(self, request, browser, name, request.credentials or credentials, keep, keep_unknown)

    def measure(self, name: Name, item: str, recorded: bool) -> RequestMeasure:
        if not recorded:
            return self._measures.unrecorded_request
        return self._measures.request(Name(name.scenario, name.test, item))

    def prepare(
        self,
        method: str,
        url: str,
        fields: bytes,
        content: bytes,
        body: bytes,
        measure: RequestMeasure,
        terms: Terms,
        login: tuple[str, str] | None = None,
        host: str = "",
    ) -> Prepared:
        """A request for a URL as `check_url` gives it; `host` is another host to ask for at the same place."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        origin = self._origin(secure, parts.hostname or "", parts.port or (443 if secure else 80))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        start = self.start(method, url, target, secure) + _encode(f"Host: {host or parts.netloc}\r\n")
        head = start + fields + content
        return Prepared(method, url, parts.path, target, origin, head, body, fields, content, measure, terms, login)

    def start(self, method: str, url: str, target: str, secure: bool) -> bytes:
        """The first line, and what a proxy needs to know (RFC 9112, 3.2.2)."""
        if secure or self._proxy is None:
            return f"{method} {target} HTTP/1.1\r\n".encode("latin-1")
        authorization = self._proxy.authorization
        line = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
        return f"{method} {url} HTTP/1.1\r\n{line}".encode("latin-1")

    def _origin(self, secure: bool, host: str, port: int) -> Origin:
        return self._origins.setdefault((secure, host, port), Origin(secure, host, port))


class CompiledRequest:
    """`constant` is the request where it is the same each time; `build` makes it, and raises UnpreparedError, or
    UnboundError where a variable has no value. `name` is what results report it under."""

    def __init__(
        self,
        requests: Requests,
        request: Request,
        browser: Browser,
        name: Name,
        credentials: Credentials | None,
        keep: int,
        keep_unknown: bool,
    ) -> None:
        self._requests = requests
        self._name = name
        self.recorded = request.recorded
        self.method = request.method
        self.terms = Terms(
            self._redirect,
            keep=keep,
            expected=_expected(request),
            follow=request.follow_redirects,
            timeout=int(request.timeout * 1e9) if request.timeout else 0,
            cached=request.cache,
            basic=credentials is not None and credentials.scheme is AuthScheme.AS_ASKED,
        )
        self._redirects: dict[tuple[str, str, bytes, bytes, tuple[str, str] | None, str], Prepared] = {}
        self._url = _compile_url(request, keep_unknown)
        self._urls: dict[tuple[str, str], Prepared] = {}
        body = request.body
        self._body = compile_body(body, keep_unknown, request.escaping, request.charset) if body is not None else None
        headers = [(header, _value(value, keep_unknown)) for header, value in _headers(request, browser)]
        own = {header.lower() for header, _ in request.headers}
        self._host = next((value for header, value in headers if header.lower() == "host"), "")
        headers = [pair for pair in headers if pair[0].lower() != "host"]
        if self._body is not None and self._body.content_type and "content-type" not in own:
            headers.append(("Content-Type", self._body.content_type))
        self._login: Callable[[Variables], tuple[str, str]] | None = None
        if credentials is not None and credentials.scheme in (AuthScheme.DIGEST, AuthScheme.AS_ASKED):
            self._login = compile_login(credentials, keep_unknown)
        elif credentials is not None and "authorization" not in own:
            headers.append(("Authorization", compile_authorization(credentials, keep_unknown)))
        self._fields = _compile_fields([pair for pair in headers if pair[0].lower() not in _OF_CONTENT], keep_unknown)
        self._content = _compile_fields(
            [pair for pair in headers if pair[0].lower() in _OF_CONTENT and pair[0].lower() != "content-length"],
            keep_unknown,
        )
        self._written = request.name or request.url
        # Without a name, the URL as it is written: so /item/{{id}} is one name.
        self.name = constant_of(request.name) if request.name else request.url
        self._reported = compile_template(request.name, keep_unknown)
        self._measure = requests.measure(name, self.name, self.recorded) if self.name is not None else None
        constant = isinstance(self._url, str) and isinstance(self._host, str)
        self._place = self._where(self._url, self._host) if constant else None  # type: ignore[arg-type]
        self.constant = self._make_constant()
        # Requests that differ only in their URL are few, in most tests.
        self._by_url: dict[str, Prepared] | None = {} if self._varies_by_url else None

    @property
    def any_measure(self) -> RequestMeasure:
        """Where a request is counted that could not even be made."""
        return self._measure or self._requests.measure(self._name, self._written, self.recorded)

    def reported(self, variables: Variables) -> str:
        """What results report it under, now; as it is written where a variable has no value."""
        try:
            # Values may come from a response: not more of them than a name needs, and nothing that cannot be told.
            return self._reported(variables)[:_LONGEST_NAME].encode("utf-8", "replace").decode()
        except UnboundError:
            return self._written

    def _make_constant(self) -> Prepared | None:
        varying = (self._url, self._host, self._fields, self._content, self._login)
        if any(callable(part) for part in varying) or self._measure is None:
            return None
        if self._body is not None and self._body.constant is None:
            return None
        return self._build(Variables())

    @property
    def _varies_by_url(self) -> bool:
        parts = (self._host, self._fields, self._content, self._login)
        body = self._body is None or self._body.constant is not None
        return callable(self._url) and self._measure is not None and body and not any(map(callable, parts))

    def build(self, variables: Variables) -> Prepared:
        """Raises UnpreparedError, and UnboundError where a variable has no value."""
        by_url = self._by_url
        if by_url is None:
            return self._build(variables)
        try:
            url = self._url(variables)  # type: ignore[operator]
        except (UnencodableError, UnicodeEncodeError) as error:
            raise UnpreparedError(bad_value(str(error))) from None
        known = by_url.get(url)
        if known is None:
            known = self._build(variables, url)
            if len(by_url) >= _MOST_REMEMBERED:
                by_url.clear()
            by_url[url] = known
        return known

    def _build(self, variables: Variables, url: str | None = None) -> Prepared:
        body = b""
        try:
            where = self._place
            if where is None:
                host = self._host if isinstance(self._host, str) else self._host(variables)
                if url is None:
                    url = self._url if isinstance(self._url, str) else self._url(variables)
                where = self._where(url, host)
            fields = self._fields if isinstance(self._fields, bytes) else self._fields(variables)
            content = self._content if isinstance(self._content, bytes) else self._content(variables)
            if self._body is not None:
                body = self._body.build(variables)
        except (UnencodableError, UnicodeEncodeError) as error:
            raise UnpreparedError(bad_value(str(error))) from None
        if self._body is not None:
            content = b"%bContent-Length: %d\r\n" % (content, len(body))
        elif self.method in ("POST", "PUT", "PATCH"):
            content += b"Content-Length: 0\r\n"
        measure = self._measure or self._requests.measure(self._name, self.reported(variables), self.recorded)
        login = self._login(variables) if self._login is not None else None
        head = where.head + fields + content
        return Prepared(
            self.method,
            where.url,
            where.path,
            where.target,
            where.origin,
            head,
            body,
            fields,
            content,
            measure,
            self.terms,
            login,
        )

    def _where(self, url: str, host: str) -> Prepared:
        """A bare request to this URL, which knows where it goes; remembered, since most URLs come again."""
        known = self._urls.get((url, host))
        if known is None:
            if _BREAKS.search(host):
                raise UnpreparedError(bad_header("Host", host))
            try:
                checked = check_url(_quote(url) if _UNSAFE.search(url) else url)
            except ValueError as error:
                raise UnpreparedError(bad_url(url, str(error))) from None
            known = self._requests.prepare(
                self.method, checked, b"", b"", b"", RequestMeasure(self._name), self.terms, host=host
            )
            if len(self._urls) >= _MOST_REMEMBERED:
                self._urls.clear()
            self._urls[url, host] = known
        return known

    def _redirect(self, request: Prepared, status: int, location: str) -> Prepared:
        """The request that a redirect leads to (RFC 9110, 15.4). Raises ValueError where the location is no URL."""
        parts = urlsplit(location)
        if parts.scheme in ("http", "https") and not parts.netloc:
            raise ValueError("it names no host")  # urljoin would take it for the page itself
        # Browsers and .NET take a backslash for a slash and send a blank encoded.
        url = check_url(urljoin(request.url, location.replace("\\", "/")).replace(" ", "%20"))
        method = request.method
        if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
            method = "GET"
        keeps_body = method == request.method
        fields, login = request.fields, request.login
        host = ""
        if not same_host(request.url, url):
            fields, login = _without_secrets(fields), None  # credentials are for the host that they were given for
        elif self._host:
            host = request.head.partition(b"\r\nHost: ")[2].partition(b"\r\n")[0].decode("latin-1")
        key = (method, url, fields, request.content, login, host)
        known = self._redirects.get(key) if not request.body else None
        if known is not None:
            return known
        prepared = self._requests.prepare(
            method,
            url,
            fields,
            request.content if keeps_body else b"",
            request.body if keeps_body else b"",
            self._requests.measure(self._name, url, self.recorded),
            self.terms,
            login,
            host,
        )
        if len(self._redirects) >= _MOST_REMEMBERED:
            self._redirects.clear()
        if not request.body:
            self._redirects[key] = prepared
        return prepared


def _expected(request: Request) -> Collection[int] | None:
    if request.ignore_status:
        return _ANY
    return frozenset(request.expected_status) or None


def _headers(request: Request, browser: Browser) -> list[tuple[str, str]]:
    """The request's headers, and those of the browser that it does not set itself."""
    own = {header.lower() for header, _ in request.headers}
    others = [(header, value) for header, value in browser.headers if header.lower() not in own]
    return [*others, *request.headers]


def _quote(url: str) -> str:
    """The URL with what follows its host percent-encoded: blanks, control characters, whatever a value has in it."""
    authority = _AUTHORITY.match(url)
    end = authority.end() if authority else 0
    return url[:end] + quote(url[end:], safe=_SAFE)


def _compile_url(request: Request, keep_unknown: bool) -> str | Template:
    url = request.url
    query = compile_query(request.query, keep_unknown, request.escaping, request.charset) if request.query else None
    constant = constant_of(url)
    joint = "&" if "?" in url else "?"
    if query is None:
        return constant if constant is not None else compile_template(url, keep_unknown)
    if constant is not None and query.constant is not None:
        return _with_query(constant, joint, query.constant)
    base = compile_template(url, keep_unknown)
    build = query.build
    return lambda variables: _with_query(base(variables), joint, build(variables))


def _with_query(url: str, joint: str, query: str) -> str:
    return f"{url.partition('#')[0]}{joint}{query}"


def _compile_fields(headers: Sequence[tuple[str, Value]], keep_unknown: bool) -> bytes | Callable[[Variables], bytes]:
    """Header lines. A value that holds a line break is refused: it would be a header, or a request, of somebody else's."""
    fixed = b""
    varying: list[tuple[Value, Value]] = []
    for written, value in headers:
        name = _value(written, keep_unknown)
        if not isinstance(name, str) or not isinstance(value, str):
            varying.append((name, value))
        elif _BREAKS.search(name + value):
            raise ValueError(f"the header '{name[:100]}' has a line break in its value; take it out")
        else:
            fixed += _encode(f"{name}: {value}\r\n")
    if not varying:
        return fixed

    def build(variables: Variables) -> bytes:
        lines = [fixed]
        for name_of, value_of in varying:
            name = name_of if isinstance(name_of, str) else name_of(variables)
            value = value_of if isinstance(value_of, str) else value_of(variables)
            line = f"{name}: {value}"
            if _BREAKS.search(line):
                raise UnpreparedError(bad_header(name, value))
            lines.append(_encode(f"{line}\r\n"))
        return b"".join(lines)

    return build


def _encode(text: str) -> bytes:
    """Latin-1, as HTTP has it, and UTF-8 where that does not do: what browsers and .NET's successors send."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def same_host(url: str, other: str) -> bool:
    """Whether secrets for the one may be sent to the other: the same host and port, and not in the clear what was not."""
    one, two = urlsplit(url), urlsplit(other)
    return one.netloc == two.netloc and (one.scheme, two.scheme) != ("https", "http")


def _without_secrets(fields: bytes) -> bytes:
    lines = fields.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith((b"authorization:", b"cookie:")))


def _value(text: str, keep_unknown: bool) -> Value:
    constant = constant_of(text)
    return compile_template(text, keep_unknown) if constant is None else constant
