"""The operations, one function each. Raise BlobError, and BlobRefused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive

from headrace.api.blobs import lists
from headrace.api.blobs.addresses import Address
from headrace.api.blobs.bodies import Upload, length_of, read_small
from headrace.api.blobs.conditions import check_for_reading, check_for_writing
from headrace.api.blobs.downloads import changed, headers_of, read_range, send_file
from headrace.api.blobs.failures import BlobError, bad_header, not_permitted
from headrace.api.blobs.said import check_content, read_metadata, read_said
from headrace.blobs.index import Blob
from headrace.blobs.local import LocalFiles
from headrace.blobs.sas import Grant

_XML = "application/xml"
_NOT_ENCRYPTED = {"x-ms-request-server-encrypted": "false"}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request whose signature fits. `endpoint` is the address of the service as the client knows it, with a slash."""

    files: LocalFiles
    address: Address
    grant: Grant
    headers: Headers
    query: dict[str, str]
    receive: Receive
    now: datetime
    endpoint: str
    created: datetime  # the drop

    @property
    def drop(self) -> str:
        return self.address.drop

    @property
    def name(self) -> str:
        return self.address.name


async def put_blob(ask: Ask) -> Response:
    headers = ask.headers
    if headers.get("x-ms-blob-type", "").lower() != "blockblob":
        raise bad_header("x-ms-blob-type", "is not BlockBlob")
    _refuse(headers, "x-ms-copy-source", "x-ms-structured-body")
    said = read_said(headers, whole=True)
    name = ask.name
    await _admit_early(ask)
    async with Upload(ask.files, ask.drop, length_of(headers)) as upload:
        content = await upload.read(
            ask.receive, lambda content: check_content(headers, content, "content-md5", "x-ms-blob-content-md5")
        )
        properties = {**said.properties, "Content-MD5": content.md5}
        said = replace(said, properties=properties)
        blob = await run_in_threadpool(ask.files.put, ask.drop, name, content, said, _admission(ask), ask.now)
    return Response(status_code=201, headers={**changed(blob), "Content-MD5": content.md5, **_NOT_ENCRYPTED})


async def put_block(ask: Ask) -> Response:
    _refuse(ask.headers, "x-ms-copy-source", "x-ms-structured-body")
    name, block_id = ask.name, lists.read_block_id(ask.query.get("blockid", ""))
    async with Upload(ask.files, ask.drop, length_of(ask.headers), block=True) as upload:
        content = await upload.read(ask.receive, lambda content: check_content(ask.headers, content, "content-md5"))
        await run_in_threadpool(ask.files.stage, ask.drop, name, block_id, content, ask.now)
    checksum = "x-ms-content-crc64" if "x-ms-content-crc64" in ask.headers else "Content-MD5"
    value = content.crc64 if checksum == "x-ms-content-crc64" else content.md5
    return Response(status_code=201, headers={checksum: value, **_NOT_ENCRYPTED})


async def put_block_list(ask: Ask) -> Response:
    said = read_said(ask.headers, whole=False)
    body = await read_small(ask.headers, ask.receive, lists.LARGEST_BLOCK_LIST)
    wanted = await run_in_threadpool(lists.read_block_list, body)
    blob = await run_in_threadpool(ask.files.commit, ask.drop, ask.name, wanted, said, _admission(ask), ask.now)
    return Response(status_code=201, headers={**changed(blob), **_NOT_ENCRYPTED})


async def get_block_list(ask: Ask) -> Response:
    staged = await run_in_threadpool(ask.files.find_staged, ask.drop, ask.name)
    blob = await run_in_threadpool(ask.files.look, ask.drop, ask.name)
    if blob is None and not staged:
        raise BlobError(404, "BlobNotFound", "The specified blob does not exist.")
    body = lists.list_blocks(blob, staged, ask.query.get("blocklisttype", ""))
    headers = {} if blob is None else {**changed(blob), "x-ms-blob-content-length": str(blob.size)}
    return Response(body, 200, headers, _XML)


async def get_blob(ask: Ask) -> Response:
    blob, opened = await run_in_threadpool(ask.files.open_blob, ask.drop, ask.name)
    try:
        check_for_reading(ask.headers, blob)
        wanted = read_range(ask.headers, blob.size)
        checked = ask.headers.get("x-ms-range-get-content-md5", "").lower() == "true"
        return await send_file(blob, opened, wanted, checked)
    except BaseException:
        opened.close()
        raise


async def get_properties(ask: Ask) -> Response:
    blob = await run_in_threadpool(ask.files.find, ask.drop, ask.name)
    check_for_reading(ask.headers, blob)
    return Response(status_code=200, headers={**headers_of(blob), "Content-Length": str(blob.size)})


async def get_metadata(ask: Ask) -> Response:
    blob = await run_in_threadpool(ask.files.find, ask.drop, ask.name)
    metadata = {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}
    return Response(status_code=200, headers={**changed(blob), **metadata})


async def set_properties(ask: Ask) -> Response:
    said = read_said(ask.headers, whole=False)
    return await _change(ask, lambda blob: replace(blob, properties=said.properties))


async def set_metadata(ask: Ask) -> Response:
    metadata = read_metadata(ask.headers)
    return await _change(ask, lambda blob: replace(blob, metadata=metadata))


async def delete_blob(ask: Ask) -> Response:
    def admit(blob: Blob | None) -> None:
        check_for_writing(ask.headers, blob)

    await run_in_threadpool(ask.files.delete, ask.drop, ask.name, admit)
    return Response(status_code=202, headers={"x-ms-delete-type-permanent": "true"})


async def list_blobs(ask: Ask) -> Response:
    """The files of the drop, as of a container of its own, or as of a folder of the organization's."""
    address = ask.address
    blobs = await run_in_threadpool(ask.files.find_all, ask.drop)
    if address.from_prefix:
        place = (ask.endpoint, address.container, f"{ask.drop}/")
    else:
        place = (f"{ask.endpoint}{address.container}/", ask.drop, "")
    body = await run_in_threadpool(lists.list_blobs, blobs, ask.query, *place)
    return Response(body, 200, media_type=_XML)


async def get_container(ask: Ask) -> Response:
    return Response(
        status_code=200,
        headers={
            "ETag": f'"0x{ask.drop.replace("-", "")[:15].upper()}"',
            "Last-Modified": format_datetime(ask.created, usegmt=True),
            "x-ms-lease-status": "unlocked",
            "x-ms-lease-state": "available",
            "x-ms-has-immutability-policy": "false",
            "x-ms-has-legal-hold": "false",
        },
    )


@dataclass(frozen=True, slots=True)
class Operation:
    """`permissions`: one of these letters must be in the signature."""

    call: Callable[[Ask], Awaitable[Response]]
    permissions: str


# By method and `comp`, of a drop and of a file in it.
OF_DROPS = {
    ("GET", "list"): Operation(list_blobs, "l"),
    **{(method, comp): Operation(get_container, "rl") for method in ("GET", "HEAD") for comp in ("", "metadata")},
}
OF_FILES = {
    ("PUT", ""): Operation(put_blob, "cw"),
    ("PUT", "block"): Operation(put_block, "cw"),
    ("PUT", "blocklist"): Operation(put_block_list, "cw"),
    ("PUT", "metadata"): Operation(set_metadata, "w"),
    ("PUT", "properties"): Operation(set_properties, "w"),
    ("GET", ""): Operation(get_blob, "r"),
    ("GET", "blocklist"): Operation(get_block_list, "r"),
    ("HEAD", ""): Operation(get_properties, "r"),
    ("DELETE", ""): Operation(delete_blob, "d"),
    **{(method, "metadata"): Operation(get_metadata, "r") for method in ("GET", "HEAD")},
}


def _admission(ask: Ask) -> Callable[[Blob | None], None]:
    """Whether a file may take the place of the one that is there."""

    def admit(before: Blob | None) -> None:
        check_for_writing(ask.headers, before)
        if before is not None and "w" not in ask.grant.permissions:
            raise not_permitted()

    return admit


async def _admit_early(ask: Ask) -> None:
    """So that no large body is sent for nothing; what counts is asked again when it is here."""
    _admission(ask)(await run_in_threadpool(ask.files.look, ask.drop, ask.name))


async def _change(ask: Ask, change: Callable[[Blob], Blob]) -> Response:
    def checked(blob: Blob) -> Blob:
        check_for_writing(ask.headers, blob)
        return change(blob)

    blob = await run_in_threadpool(ask.files.change, ask.drop, ask.name, checked, ask.now)
    return Response(status_code=200, headers={**changed(blob), **_NOT_ENCRYPTED})


def _refuse(headers: Headers, *names: str) -> None:
    for name in names:
        if name in headers:
            raise bad_header(name, "asks for what this service does not do")
