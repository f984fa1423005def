"""What a request may carry: a bounded JSON object in UTF-8, and nothing else.

After this middleware the body of a POST, PUT or PATCH is well-formed JSON. Only `application/json` is taken: a page of
another site can make a browser send forms and plain text with the user's stored credentials, but not JSON.
"""

import asyncio
import re

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.api.failures import ApiError, shorten

DEEPEST = 64
_BOM = b"\xef\xbb\xbf"
_JSON = re.compile(r"application/([a-z0-9.+-]+\+)?json", re.IGNORECASE)
# A string as a whole, so that brackets inside it do not count.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
# Plans have their data in them, so the only requests that bring one may be larger.
_PLAN_PATHS = ("/_apis/clt/testdrops", "/api/v1/runs")
_PLAN = re.compile(rb'"(headrace)?plan"', re.IGNORECASE)


class Limits:
    """Bounds the bodies: `max_body` bytes, with a plan `max_plan`, which must be here after `patience` seconds."""

    def __init__(self, app: ASGIApp, max_body: int, max_plan: int = 0, patience: float = 60.0) -> None:
        self.app = app
        self.max_body = max_body
        self.max_plan = max(max_body, max_plan)
        self.patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        try:
            body = await self._read(Headers(scope=scope), receive, scope["path"] in _PLAN_PATHS)
        except ApiError as failure:
            await failure.answer(scope["path"])(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive, may_be_plan: bool) -> bytes:
        largest = self.max_plan if may_be_plan else self.max_body
        content_type = headers.get("content-type", "")
        if not _JSON.fullmatch(content_type.partition(";")[0].strip()):
            raise ApiError(
                415,
                f"The Content-Type of the body is '{shorten(content_type)}'; send JSON as 'application/json'.",
                "UnsupportedMediaTypeException",
            )
        declared = headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > largest:
            raise self._too_large(may_be_plan)
        try:
            async with asyncio.timeout(self.patience):
                body = await self._collect(receive, largest)
        except TimeoutError:
            raise ApiError(
                408, f"The body did not arrive within {self.patience:g} seconds.", "RequestTimeoutException"
            ) from None
        if body is None:
            raise self._too_large(may_be_plan)
        if len(body) > self.max_body and not _PLAN.search(body):
            raise self._too_large(may_be_plan=False)
        body = body.removeprefix(_BOM)
        check_json(body)
        return body

    async def _collect(self, receive: Receive, largest: int) -> bytes | None:
        """The body; None where it is larger."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ApiError(400, "The connection ended before the body did.", "IncompleteBodyException")
            body += message.get("body", b"")
            if len(body) > largest:
                return None
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self, may_be_plan: bool) -> ApiError:
        setting, largest = ("max_plan", self.max_plan) if may_be_plan else ("max_body", self.max_body)
        return ApiError(
            413,
            f"The body is larger than the {largest} bytes this server takes (its setting {setting}).",
            "RequestEntityTooLargeException",
            {"Connection": "close"},
        )


def check_json(body: bytes) -> None:
    """Raises ApiError (400), with the place, where the body is not a JSON object of bounded depth."""
    if not body.strip():
        raise ApiError(400, "The body is empty; a JSON object is expected.", "InvalidJsonException")
    _check_depth(body)
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise ApiError(400, f"The body is not UTF-8 ({error.reason}).", "InvalidJsonException") from None
    except msgspec.MsgspecError as error:
        raise ApiError(400, f"The body cannot be read: {error}.", "InvalidJsonException") from None
    if not isinstance(value, dict):
        raise ApiError(400, 'The body must be a JSON object, such as {"name": "..."}.', "InvalidJsonException")


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    depth = 0
    for match in _STRUCTURE.finditer(body):
        token = match.group()
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
        if depth > DEEPEST:
            raise ApiError(
                400,
                f"The body cannot be read: more than {DEEPEST} levels of nesting (byte {match.start()}).",
                "InvalidJsonException",
            )


def _replay(body: bytes, receive: Receive) -> Receive:
    """A channel that yields the body once, and then what the connection says."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return rest.pop() if rest else await receive()

    return read
