"""Bodies of uploads: bounded, never whole in memory, and given up where they stall."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Receive

from headrace.api.blobs.failures import BlobError
from headrace.blobs.content import Content, Incoming
from headrace.blobs.local import LocalFiles
from headrace.blobs.refusals import BlobRefused, Reason

PATIENCE = 60.0  # seconds without a byte
_PIECE = 1024 * 1024  # bytes that are written at once


def length_of(headers: Headers) -> int:
    """The length that a body must declare. Raises BlobError."""
    given = headers.get("content-length", "")
    if not (given.isascii() and given.isdigit()):
        raise BlobError(411, "MissingContentLengthHeader", "Content-Length HTTP header is missing.")
    return int(given[:19])


async def read_small(headers: Headers, receive: Receive, largest: int) -> bytes:
    """A body of `largest` bytes at most. Raises BlobError."""
    if length_of(headers) > largest:
        raise BlobError(413, "RequestBodyTooLarge", f"The body is larger than {largest} bytes.")
    body = bytearray()
    more = True
    while more:
        piece, more = await _next(receive)
        body += piece
    return bytes(body)


@dataclass(slots=True)
class Upload:
    """Takes a body to the disk. As a context it takes away what came, where the block raises."""

    files: LocalFiles
    drop: str
    size: int
    block: bool = False
    _incoming: Incoming | None = None

    async def __aenter__(self) -> Self:
        self._incoming = await run_in_threadpool(self.files.receive, self.drop, self.size, self.block)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.files.received(self.drop, self.size)
        if self._incoming is not None:
            self._incoming.abandon()

    async def read(self, receive: Receive, check: Callable[[Content], None]) -> Content:
        """Raises BlobError, also that of `check`, and BlobRefused where the drop is deleted meanwhile."""
        if (incoming := self._incoming) is None:
            raise AssertionError("enter it first")
        buffer = bytearray()
        more = True
        while more:
            piece, more = await _next(receive)
            buffer += piece
            if incoming.size + len(buffer) > self.size:
                raise _cut_off()
            if len(buffer) >= _PIECE:
                await run_in_threadpool(incoming.write, bytes(buffer))
                buffer.clear()
        await run_in_threadpool(incoming.write, bytes(buffer))
        if incoming.size != self.size:
            raise _cut_off()
        content = incoming.content()
        check(content)
        try:
            await run_in_threadpool(incoming.finish)
        except FileNotFoundError:
            raise BlobRefused(Reason.NO_DROP, "There is no such drop any more.") from None
        self._incoming = None
        return content


async def _next(receive: Receive) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout(PATIENCE):
            message = await receive()
    except TimeoutError:
        raise BlobError(408, "OperationTimedOut", f"Nothing came for {PATIENCE:g} seconds.") from None
    if message["type"] == "http.disconnect":
        raise _cut_off()
    return message.get("body", b""), message.get("more_body", False)


def _cut_off() -> BlobError:
    return BlobError(400, "InvalidInput", "The body has not the length that its Content-Length says.")
