"""How a failed request is told: the kind and sub-kind of the error tree, and a message that a person understands.

Kinds and the published texts are those of Visual Studio's error tables (reference: visual-studio-formats, 8): `HttpError`
with the status as sub-kind, `Exception` with the .NET exception class, `Timeout`.
"""

import errno
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus

from headrace.plan.urls import without_login

# The statuses that .NET's HttpStatusCode has a name for; where that is not the phrase without blanks.
_NAMED = frozenset({100, 101, *range(200, 207), *range(300, 308), *range(400, 418), 426, *range(500, 506)})
_DOTNET_NAMES = {
    306: "Unused",
    413: "RequestEntityTooLarge",
    414: "RequestUriTooLong",
    416: "RequestedRangeNotSatisfiable",
    505: "HttpVersionNotSupported",
}

_LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request failed."""

    kind: str
    subkind: str
    message: str


def status_name(status: int) -> str:
    """`404 - NotFound`: the status as the error tree names it, `429 - 429` where .NET Framework has no name for it.

    Reference: visual-studio-formats, 8.
    """
    name = _DOTNET_NAMES.get(status)
    if name is None and status in _NAMED:
        name = "".join(word[:1].upper() + word[1:] for word in HTTPStatus(status).phrase.replace("-", " ").split())
    return f"{status} - {name or status}"


def http_error(status: int) -> Failure:
    name = status_name(status)
    return Failure("HttpError", name, name)


def unexpected_status(status: int, expected: Collection[int]) -> Failure:
    """A status that the request does not expect, be it a good one."""
    name = status_name(status)
    names = ", ".join(status_name(one) for one in sorted(expected)[:10])
    return Failure("HttpError", name, f"{name} was received, expected was {names}")


def not_authenticated(status: int, reason: str) -> Failure:
    """A server asks for a proof that the user cannot give."""
    name = status_name(status)
    return Failure("HttpError", name, f"{name}: {reason}.")


def rule_failed(kind: str, subkind: str, message: str) -> Failure:
    """A rule that a response broke: `kind` is ValidationRuleError or ExtractionRuleError, `subkind` the name of the rule.

    The message may quote the response, so it is cut.
    """
    told = message[: _LONGEST_MESSAGE + 1].encode("utf-8", "replace").decode()  # half a pair cannot be told
    return Failure(kind, subkind, told if len(told) <= _LONGEST_MESSAGE else f"{told[:_LONGEST_MESSAGE]}…")


def unbound(name: str) -> Failure:
    """A variable without a value; the request was not sent (reference: visual-studio-formats, 1.9 and 8)."""
    return Failure("TestError", "WebTestException", f"Context parameter '{name}' not found in test context")


def bad_url(url: str, reason: str) -> Failure:
    return Failure(
        "Exception", "UriFormatException", f"The request was not sent: its URL {without_login(url)[:200]!r} {reason}."
    )


def bad_header(name: str, value: str) -> Failure:
    """A line break in a value would end the header, and begin another that nobody meant."""
    reason = f"the header {name[:100]!r} has a line break or a null character in its value, {value[:100]!r}"
    return Failure("Exception", "ArgumentException", f"The request was not sent: {reason}.")


def bad_value(reason: str) -> Failure:
    """A value that cannot be part of a body; `reason` names it."""
    return Failure("Exception", "EncoderFallbackException", f"The request was not sent: {reason}.")


def undecodable(reason: str) -> Failure:
    """A body that is not encoded as its head says, found where a rule looked at it."""
    return Failure("Exception", "InvalidDataException", f"Found invalid data while decoding. {reason}.")


def timed_out(seconds: float) -> Failure:
    return Failure("Timeout", "RequestTimeout", f"The request was not answered within {seconds:g} seconds.")


def unanswered() -> Failure:
    """The load ended first. No time is named: errors of one message are counted together."""
    return Failure("Timeout", "RequestTimeout", "The load ended before the request was answered.")


def not_resolved(host: str) -> Failure:
    return Failure("Exception", "WebException", f"The remote name could not be resolved: '{host}'")


def not_allowed(reason: str) -> Failure:
    return Failure("Exception", "TargetNotAllowedException", f"The request was not sent: {reason}.")


def too_many_redirects(most: int) -> Failure:
    return Failure("Exception", "WebException", f"Too many automatic redirections were attempted (more than {most}).")


def bad_redirect(location: str, reason: str) -> Failure:
    return Failure(
        "Exception", "UriFormatException", f"The server redirected to {without_login(location)[:200]!r}: {reason}."
    )


def violated_protocol(reason: str) -> Failure:
    return Failure("Exception", "WebException", f"The server committed a protocol violation: {reason}.")


def closed_early(received_any: bool, reset: bool) -> Failure:
    how = "reset" if reset else "closed"
    when = "before the response was complete" if received_any else "before it answered"
    return Failure("Exception", "WebException", f"The underlying connection was closed: the server {how} it {when}.")


def reset_stream(code: str, received_any: bool) -> Failure:
    """An HTTP/2 server gave this request up; `code` is the name of its reason (RFC 9113, section 7)."""
    when = "before the response was complete" if received_any else "before it answered"
    return Failure("Exception", "WebException", f"The server reset the HTTP/2 stream {when}: {code}.")


def broken_tls(error: ssl.SSLError) -> Failure:
    """What ended a secure connection after its handshake."""
    reason = error.reason or str(error)
    if "ALERT" in reason:
        told = reason.rpartition("ALERT_")[2].replace("_", " ").lower()
        return Failure("Exception", "AuthenticationException", f"The server ended the secure connection: {told}.")
    return violated_protocol(f"TLS: {reason}")


def refused_by_proxy(proxy: str, to: str, status: int, logged_in: bool) -> Failure:
    message = f"The proxy {proxy} refused the connection to {to}: {status_name(status)}"
    if status == 407:
        message += "; " + ("it does not take this user and password" if logged_in else "give it a user and a password")
    return Failure("Exception", "WebException", f"{message}.")


def violated_by_proxy(proxy: str, reason: str) -> Failure:
    return Failure("Exception", "WebException", f"The proxy {proxy} committed a protocol violation: {reason}.")


def behind_proxy(proxy: str, failure: Failure) -> Failure:
    """A failure on the way to the proxy itself."""
    return Failure(failure.kind, failure.subkind, f"The proxy {proxy} cannot be used: {failure.message}")


def not_connected(error: OSError, host: str, address: str, port: int) -> Failure:
    """A connection that could not be made, by TCP or TLS."""
    where = f"{address}:{port}" if address == host else f"{host} ({address}):{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the certificate of {where} is not valid: {error.verify_message}"
        return Failure("Exception", "AuthenticationException", f"The secure connection could not be made: {reason}.")
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return Failure("Exception", "AuthenticationException", f"The TLS handshake with {where} failed: {reason}.")
    if isinstance(error, ConnectionRefusedError):
        text = f"No connection could be made because the target machine actively refused it {where}"
    elif isinstance(error, TimeoutError):
        text = f"A connection attempt to {where} failed because the target machine did not respond in time."
    elif isinstance(error, ConnectionError):
        text = f"The target machine {where} closed the connection while it was being made."
    elif error.errno == errno.EADDRNOTAVAIL:
        text = f"This load generator has no free port left for a connection to {where}; use more agents or think time."
    elif error.errno in (errno.EMFILE, errno.ENFILE):
        text = f"This load generator may not open more files: no connection to {where}; raise its limit (ulimit -n)."
    else:
        text = f"No connection could be made to {where}: {error.strerror or error}."
    return Failure("Exception", "SocketException", text)
