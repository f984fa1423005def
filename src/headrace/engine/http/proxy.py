"""Going through an HTTP proxy: where it is, and the tunnel that it opens for TLS (RFC 9110, 9.3.6)."""

import asyncio
import re
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from headrace.engine.http.failures import Failure, refused_by_proxy, violated_by_proxy
from headrace.engine.http.layer import Layer
from headrace.engine.http.prepared import Origin
from headrace.plan.urls import check_url

_LONGEST_HEAD = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class Proxy:
    """`authorization` is the value of the Proxy-Authorization header, "" for none."""

    host: str
    port: int
    authorization: str = ""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_proxy(text: str) -> Proxy:
    """A proxy from `http://[user:password@]host:port`, name and password percent-encoded. Raises ValueError."""
    form = "write it like http://host:port or http://user:password@host:port"
    scheme, _, rest = text.partition("://")
    login, at, authority = rest.rpartition("@")  # the password is in no message
    if scheme.lower() != "http":
        raise ValueError(f"the proxy's scheme is '{scheme[:20] if rest else ''}', not http; {form}")
    try:
        parts = urlsplit(check_url(f"http://{authority}"))
    except ValueError as error:
        raise ValueError(f"the proxy '{authority[:100]}' {error}") from None
    if parts.path != "/" or parts.query:
        raise ValueError(f"the proxy '{authority[:100]}' has a path; {form}")
    if not at:
        return Proxy(parts.hostname or "", parts.port or 80)
    user, colon, password = login.partition(":")
    if not user or not colon:
        raise ValueError(f"the proxy's login lacks a user name or a password; {form}")
    pair = f"{unquote(user)}:{unquote(password)}"
    return Proxy(parts.hostname or "", parts.port or 80, f"Basic {b64encode(pair.encode()).decode()}")


class RefusedError(Exception):
    """The proxy does not open the tunnel; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Tunnel(Layer):
    """Asks a proxy for a connection to the origin. `done` fails with RefusedError or ConnectionError."""

    def __init__(self, proxy: Proxy, origin: Origin) -> None:
        super().__init__()
        self._proxy = proxy
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        self._to = f"{host}:{origin.port}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        authorization = self._proxy.authorization
        login = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
        self._transport.write(f"CONNECT {self._to} HTTP/1.1\r\nHost: {self._to}\r\n{login}\r\n".encode("latin-1"))

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        while not self.done.done():
            head, blank, rest = self._unused.partition(b"\r\n\r\n")
            if not blank:
                self._check_beginning()
                return
            self._unused = rest
            self._take(head + blank)

    def _check_beginning(self) -> None:
        if len(self._unused) > _LONGEST_HEAD:
            self._fail(violated_by_proxy(str(self._proxy), f"its head is longer than {_LONGEST_HEAD} bytes"))
        elif not self._unused.startswith(b"HTTP/1."[: len(self._unused)]):
            self._fail(violated_by_proxy(str(self._proxy), "its answer to CONNECT is no HTTP"))

    def _take(self, head: bytes) -> None:
        line = _STATUS.match(head)
        if line is None:
            self._fail(violated_by_proxy(str(self._proxy), "its answer to CONNECT is no HTTP"))
            return
        status = int(line[1])
        if 200 <= status < 300:
            self.done.set_result(None)
        elif status >= 300 or status == 101:
            self._fail(refused_by_proxy(str(self._proxy), self._to, status, bool(self._proxy.authorization)))

    def _fail(self, failure: Failure) -> None:
        self.done.set_exception(RefusedError(failure))
