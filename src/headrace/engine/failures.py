"""How a failed request is told: the kind and sub-kind of the error tree, and a message that a person understands.

Kinds and the published texts are those of Visual Studio's error tables (reference: clt-service, section 5.5): `HttpError`
with the status as sub-kind, `Exception` with the .NET exception class, `RequestTimeout`.
"""

import errno
import ssl
from dataclasses import dataclass
from http import HTTPStatus

# Where .NET's HttpStatusCode does not spell a failed status as its phrase without blanks.
_DOTNET_NAMES = {
    413: "RequestEntityTooLarge",
    414: "RequestUriTooLong",
    416: "RequestedRangeNotSatisfiable",
    418: "ImATeapot",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request failed."""

    kind: str
    subkind: str
    message: str


def status_name(status: int) -> str:
    """`404 - NotFound`: the status as the error tree names it."""
    name = _DOTNET_NAMES.get(status)
    if name is None:
        try:
            name = "".join(word[:1].upper() + word[1:] for word in HTTPStatus(status).phrase.replace("-", " ").split())
        except ValueError:
            name = "Unknown"
    return f"{status} - {name}"


def http_error(status: int) -> Failure:
    name = status_name(status)
    return Failure("HttpError", name, name)


def timed_out(seconds: float) -> Failure:
    return Failure("RequestTimeout", "Timeout", f"The request was not answered within {seconds:g} seconds.")


def not_resolved(host: str) -> Failure:
    return Failure("Exception", "WebException", f"The remote name could not be resolved: '{host}'")


def not_allowed(reason: str) -> Failure:
    return Failure("Exception", "TargetNotAllowedException", f"The request was not sent: {reason}.")


def too_many_redirects(most: int) -> Failure:
    return Failure("Exception", "WebException", f"Too many automatic redirections were attempted (more than {most}).")


def bad_redirect(location: str, reason: str) -> Failure:
    return Failure("Exception", "UriFormatException", f"The server redirected to {location[:200]!r}: {reason}.")


def violated_protocol(reason: str) -> Failure:
    return Failure("Exception", "WebException", f"The server committed a protocol violation: {reason}.")


def closed_early(received_any: bool, reset: bool) -> Failure:
    how = "reset" if reset else "closed"
    when = "before the response was complete" if received_any else "before it answered"
    return Failure("Exception", "WebException", f"The underlying connection was closed: the server {how} it {when}.")


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
