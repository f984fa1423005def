"""The way of a request to the files of a drop. It leaves the way of all others before anything of it is looked at.

Bodies are files, the permission is in the address, and errors are XML: nothing that holds for the API holds here.
"""

import re
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.api.blobs.addresses import Address, read_address, read_query, with_prefix
from headrace.api.blobs.failures import BlobError, bad_query, denied, not_permitted, refused
from headrace.api.blobs.operations import OF_DROPS, OF_FILES, Ask
from headrace.blobs import sas
from headrace.blobs.local import LocalFiles
from headrace.blobs.names import key_of
from headrace.blobs.refusals import BlobRefused
from headrace.blobs.sas import Denied

_VERSION = "2018-03-28"
_A_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_A_REQUEST = re.compile(r"[!-~]{1,1024}")

log = structlog.get_logger(__name__)


class BlobEndpoint:
    """Answers what is asked of the files of drops; everything else it passes on."""

    def __init__(self, app: ASGIApp, files: LocalFiles, now: Callable[[], datetime]) -> None:
        self.app = app
        self.files = files
        self.now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid4())
        try:
            address = read_address(scope["path"])
            answer = await self._answer(address, Request(scope), receive) if address is not None else None
        except BlobError as error:
            answer = self._failure(error, scope, request_id)
        except BlobRefused as error:
            answer = self._failure(refused(error), scope, request_id)
        except OSError as error:
            log.error("a file of a drop could not be read or written", request=request_id, exc_info=error)
            message = "The server failed. Its operator finds the cause in the log under the RequestId."
            answer = self._failure(BlobError(500, "InternalError", message), scope, request_id)
        if answer is None:
            await self.app(scope, receive, send)  # whose errors are not ours to answer
        else:
            await answer(scope, receive, _with_headers(send, request_id, Headers(scope=scope)))

    async def _answer(self, address: Address, request: Request, receive: Receive) -> Response:
        query = read_query(request.scope["query_string"])
        comp = query.get("comp", "").lower()
        of_drop = query.get("restype", "").lower() == "container"
        if of_drop and comp == "list":
            address = with_prefix(address, query)
        operation = (OF_DROPS if of_drop else OF_FILES).get((request.method, comp))
        blob = "" if of_drop or not address.rest else key_of(address.name)
        try:
            grant = sas.check(self.files.key, address.place, query, self.now(), blob)
        except Denied as error:
            raise denied(str(error)) from None
        if of_drop and request.method in ("PUT", "DELETE"):
            raise not_permitted()  # the drop itself is made and deleted by the API
        if operation is None:
            raise bad_query("comp", f"with {request.method} asks for what this service does not do")
        if not grant.allows(operation.permissions, blob):
            raise not_permitted()
        created = await run_in_threadpool(self.files.created_at, address.drop)
        if created is None:
            raise BlobError(404, "ContainerNotFound", "The specified container does not exist.")
        endpoint = f"{request.scope['scheme']}://{request.headers.get('host', '')}/"
        ask = Ask(self.files, address, grant, request.headers, query, receive, self.now(), endpoint, created)
        return await operation.call(ask)

    def _failure(self, error: BlobError, scope: Scope, request_id: str) -> Response:
        if scope["method"] == "PUT":  # what is left of the body is not read
            error = BlobError(error.status, error.code, error.message, {**error.headers, "Connection": "close"})
        answer = error.response(request_id)
        if scope["method"] == "HEAD":
            answer = Response(status_code=answer.status_code, headers={"x-ms-error-code": error.code, **error.headers})
        return answer


def _with_headers(send: Send, request_id: str, asked: Headers) -> Send:
    """What every answer has: which request and which version it is of."""
    version = asked.get("x-ms-version", "")
    given = asked.get("x-ms-client-request-id", "")
    headers = [
        (b"x-ms-request-id", request_id.encode()),
        (b"x-ms-version", (version if _A_VERSION.fullmatch(version) else _VERSION).encode()),
    ]
    if _A_REQUEST.fullmatch(given):
        headers.append((b"x-ms-client-request-id", given.encode()))

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return send_with_headers
