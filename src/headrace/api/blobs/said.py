"""What a client says of a file, in headers: its content type and the like, and metadata of its own."""

import base64
import binascii
import re

from starlette.datastructures import Headers

from headrace.api.blobs.failures import BlobError, bad_header
from headrace.blobs.content import Content
from headrace.blobs.local import Said

DEFAULT_TYPE = "application/octet-stream"
_PROPERTIES = ("Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control")
_LONGEST = 1024
_MOST_METADATA = 8192  # characters, names and values together; as Azure has it
_META = "x-ms-meta-"
_META_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def read_said(headers: Headers, whole: bool) -> Said:
    """`whole`: the body is the file itself, so that the plain headers of it count too. Raises BlobError."""
    properties = {"Content-Type": DEFAULT_TYPE}
    for name in _PROPERTIES:
        own = "x-ms-blob-" + name.lower()
        value = headers.get(own, headers.get(name, "") if whole else "")
        if len(value) > _LONGEST:
            raise bad_header(own, f"has more than {_LONGEST} characters")
        if value:
            properties[name] = value
    md5 = headers.get("x-ms-blob-content-md5")
    if md5:
        properties["Content-MD5"] = _checksum("x-ms-blob-content-md5", md5, 16)
    return Said(properties, read_metadata(headers))


def read_metadata(headers: Headers) -> dict[str, str]:
    """Raises BlobError."""
    metadata = {name[len(_META) :]: value for name, value in headers.items() if name.startswith(_META)}
    if any(not _META_NAME.fullmatch(name) for name in metadata):
        raise BlobError(400, "InvalidMetadata", "A name of metadata has other characters than letters, digits and _.")
    if sum(len(name) + len(value) for name, value in metadata.items()) > _MOST_METADATA:
        raise BlobError(400, "MetadataTooLarge", f"The metadata has more than {_MOST_METADATA} characters.")
    return metadata


def check_content(headers: Headers, content: Content, *names: str) -> None:
    """Raises BlobError where a body is not what its checksums say. `names` are those of headers with an MD5."""
    for name in names:
        given = headers.get(name)
        if given and _checksum(name, given, 16) != content.md5:
            raise BlobError(
                400, "Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value calculated."
            )
    given = headers.get("x-ms-content-crc64")
    if given and _checksum("x-ms-content-crc64", given, 8) != content.crc64:
        raise BlobError(
            400, "Crc64Mismatch", "The CRC64 value specified in the request did not match with the CRC64 value calculated."
        )


def _checksum(name: str, given: str, size: int) -> str:
    """A checksum in its one spelling."""
    try:
        value = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != size:
        code = "InvalidMd5" if size == 16 else "InvalidHeaderValue"
        raise BlobError(400, code, f"The header {name} is not {size} bytes in base64.")
    return base64.b64encode(value).decode()
