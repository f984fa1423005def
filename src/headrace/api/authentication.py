"""Who asks: a token in Basic credentials or as a Bearer (reference: clt-service, 1.5 and section 0, line 13).

The user name of Basic credentials means nothing, since clients leave it empty, send a blank or anything; the password is the
token.
"""

import base64
import binascii
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.api.failures import ApiError, shorten
from headrace.runs.access import Holder

_LONGEST_HEADER = 4096

Admit = Callable[[str], Holder | None]
"""The holder of a token; None where it is unknown, revoked or expired."""


class Authentication:
    """Lets requests with a token of their organization through, and those that `is_open` says need none.

    Behind it the state has the `holder` of the token (None where none was needed) and his `identity`.
    """

    def __init__(self, app: ASGIApp, admit: Admit, is_open: Callable[[Scope], bool]) -> None:
        self.app = app
        self.admit = admit
        self.is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["state"]["holder"] = None
        if self.is_open(scope):
            await self.app(scope, receive, send)
            return
        token = read_token(Headers(scope=scope).get("authorization", ""))
        holder = await run_in_threadpool(self.admit, token) if token else None
        if holder is None:
            await _refusal(token).answer(scope["path"])(scope, receive, send)
            return
        organization = scope["state"]["organization"]
        if not holder.belongs_to(organization):
            await _stranger(organization, holder).answer(scope["path"])(scope, receive, send)
            return
        scope["state"].update(holder=holder, identity=holder.identity)
        await self.app(scope, receive, send)


def read_token(header: str) -> str:
    """The token in an Authorization header; "" where there is none."""
    if len(header) > _LONGEST_HEADER:
        return ""
    scheme, _, credentials = header.strip().partition(" ")
    credentials = credentials.strip()
    match scheme.lower():
        case "bearer":
            return credentials
        case "basic":
            return _password(credentials)
        case _:
            return ""


def _password(credentials: str) -> str:
    try:
        # Only the password must be UTF-8: old clients send any user name, in any encoding
        return base64.b64decode(credentials, validate=True).partition(b":")[2].decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _refusal(token: str) -> ApiError:
    message = (
        "The token is unknown, revoked or expired."
        if token
        else "The request carries no token. Send it as the password of Basic credentials or as a Bearer token."
    )
    return ApiError(
        401, message, "UnauthorizedRequestException", {"WWW-Authenticate": 'Basic realm="Headrace", charset="UTF-8"'}
    )


def _stranger(organization: str, holder: Holder) -> ApiError:
    """The same whether there is such an organization or not."""
    return ApiError(
        404,
        f"There is no organization '{shorten(organization)}' for this token. Addresses of its own begin with "
        f"/{holder.organization}/.",
        "OrganizationNotFoundException",
    )
