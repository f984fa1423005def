"""A file, or a range of it, as an answer."""

import base64
import re
from collections.abc import AsyncIterator
from email.utils import format_datetime
from hashlib import md5
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from headrace.api.blobs.failures import BlobError
from headrace.blobs.index import Blob

_PIECE = 256 * 1024
_LARGEST_CHECKED = 4 * 1024 * 1024  # bytes of a range that is sent with its checksum, as Azure has it
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")
# A file may be a page with scripts, and this is the origin for which browsers keep somebody's token.
_HARMLESS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


def headers_of(blob: Blob) -> dict[str, str]:
    """What is said of a file."""
    return {
        **changed(blob),
        **blob.properties,
        **{f"x-ms-meta-{name}": value for name, value in blob.metadata.items()},
        **_HARMLESS,
        "x-ms-blob-type": "BlockBlob",
        "x-ms-creation-time": format_datetime(blob.created_at, usegmt=True),
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "false",
        "Accept-Ranges": "bytes",
    }


def changed(blob: Blob) -> dict[str, str]:
    """What tells two versions of a file apart."""
    return {"ETag": f'"{blob.etag}"', "Last-Modified": format_datetime(blob.modified_at, usegmt=True)}


def read_range(headers: Headers, size: int) -> tuple[int, int] | None:
    """The first byte wanted and the one after the last; None for all. Raises BlobError (416) where there is none of them.

    What is no single range from a first byte on is passed over, as HTTP allows.
    """
    match = _RANGE.fullmatch(headers.get("x-ms-range", headers.get("range", "")).strip())
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        return None
    start = int(match[1])
    if start >= size:
        raise BlobError(
            416,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
            {"Content-Range": f"bytes */{size}"},
        )
    return start, min(int(match[2]) + 1, size) if match[2] else size


async def send_file(blob: Blob, opened: BinaryIO, wanted: tuple[int, int] | None, checked: bool) -> Response:
    """`checked`: with the checksum of the range. Raises BlobError; closes the file whatever happens."""
    headers = headers_of(blob)
    start, end = wanted or (0, blob.size)
    headers["Content-Length"] = str(end - start)
    if wanted is None:
        return StreamingResponse(_pieces(opened, start, end), 200, headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
    if "Content-MD5" in headers:
        headers["x-ms-blob-content-md5"] = headers.pop("Content-MD5")
    if not checked:
        return StreamingResponse(_pieces(opened, start, end), 206, headers)
    with opened:
        if end - start > _LARGEST_CHECKED:
            raise BlobError(400, "OutOfRangeInput", f"A range with its MD5 has {_LARGEST_CHECKED} bytes at most.")
        opened.seek(start)
        content = await run_in_threadpool(opened.read, end - start)
    headers["Content-MD5"] = base64.b64encode(md5(content, usedforsecurity=False).digest()).decode()
    return Response(content, 206, headers)


async def _pieces(opened: BinaryIO, start: int, end: int) -> AsyncIterator[bytes]:
    with opened:
        opened.seek(start)
        while start < end:
            piece = await run_in_threadpool(opened.read, min(_PIECE, end - start))
            if not piece:
                raise OSError("a content is shorter than it was")
            start += len(piece)
            yield piece
