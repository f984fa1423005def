"""The api-version of a request: where it may stand, which are served, and its echo (reference: clt-service, 1.4).

All published versions have the same paths and shapes, so the version decides nothing but whether a request is served, and
whether some clients can bear identities in the answer (see `api/context.py`).
"""

import re
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.api.failures import ApiError, shorten

LATEST = "7.1"
_TOO_NEW = 8

_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})(-preview(\.[0-9]{1,3})?)?", re.IGNORECASE)
_PARAMETER = re.compile(r";\s*api-version\s*=\s*\"?([^\s;,\"]*)", re.IGNORECASE)


class Versions:
    """Checks the version of requests to `/_apis` and says in the answer which one was used."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/_apis"):
            await self.app(scope, receive, send)
            return
        version = LATEST

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("application/json"):
                    headers["content-type"] = f"application/json; charset=utf-8; api-version={version}"
            await send(message)

        try:
            version = read_version(scope["method"], scope["query_string"], Headers(scope=scope))
        except ApiError as failure:
            await failure.response()(scope, receive, send_with_version)
            return
        scope["state"]["version"] = version
        await self.app(scope, receive, send_with_version)


def read_version(method: str, query: bytes, headers: Headers) -> str:
    """The version asked for, as it was spelt; the latest for a GET that asks for none. Raises ApiError (400)."""
    asked = _asked(query, headers)
    if not asked:
        if method in ("POST", "PUT", "PATCH"):
            raise ApiError(
                400,
                f'No api-version was supplied for the "{method}" request. The version must be supplied either as part of '
                'the Accept header (e.g. "application/json; api-version=1.0") or as a query parameter '
                '(e.g. "?api-version=1.0").',
                "VssVersionNotSpecifiedException",
            )
        return LATEST
    match = _VERSION.fullmatch(asked)
    if match is None:
        raise ApiError(
            400,
            f"api-version: '{shorten(asked)}' is no version; write it like 7.1 or 6.1-preview.1.",
            "VssVersionNotSpecifiedException",
        )
    if not 1 <= int(match[1]) < _TOO_NEW:
        raise ApiError(
            400,
            f"The requested REST API version of {asked} is out of range for this server. The latest REST API version "
            f"this server supports is {LATEST}.",
            "VssVersionOutOfRangeException",
        )
    return asked


def _asked(query: bytes, headers: Headers) -> str:
    """What stands in the query, else in the Accept header, else in the Content-Type."""
    in_query = parse_qs(query.decode("latin-1")).get("api-version", [""])[-1].strip()
    if in_query:
        return in_query
    for name in ("accept", "content-type"):
        match = _PARAMETER.search(headers.get(name, ""))
        if match and match[1]:
            return match[1]
    return ""
