"""Lists in XML, as Azure writes and reads them: files of a drop, and blocks of a file."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from headrace.api.blobs.failures import BlobError, bad_query
from headrace.blobs.index import Blob, Block
from headrace.plan.readers.visual_studio.xml_tree import XmlError, parse_xml

MOST = 5000  # entries of an answer
MOST_BLOCKS = 50_000
LARGEST_BLOCK_LIST = 8 * 1024 * 1024  # bytes
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_LONGEST_ID = 64  # bytes
_WHOLE = re.compile(r"[0-9]{1,9}")


def list_blobs(blobs: Sequence[Blob], query: dict[str, str], endpoint: str, container: str, before: str) -> str:
    """A page of a list. `blobs` are all there are, by name; `before` stands before each name. Raises BlobError."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = _read_marker(query.get("marker", ""))
    most = _read_most(query.get("maxresults", ""))
    with_metadata = "metadata" in query.get("include", "").split(",")
    entries: list[str] = []
    folder = last = ""
    more = False
    for blob in blobs:
        name = before + blob.name
        if not name.startswith(prefix) or (folder and name.startswith(folder)):
            continue
        end = name.find(delimiter, len(prefix)) if delimiter else -1
        shown = name if end < 0 else name[: end + len(delimiter)]
        if after and shown <= after:
            continue
        if len(entries) == most:
            more = True
            break
        if end < 0:
            entries.append(_blob(name, blob, with_metadata))
        else:
            folder = shown
            entries.append(f"<BlobPrefix><Name>{escape(shown)}</Name></BlobPrefix>")
        last = shown
    marker = _write_marker(last) if more else ""
    given = "".join(
        f"<{element}>{escape(query[name])}</{element}>"
        for name, element in (("prefix", "Prefix"), ("marker", "Marker"), ("delimiter", "Delimiter"))
        if query.get(name)
    )
    return (
        f"{_HEAD}<EnumerationResults ServiceEndpoint={quoteattr(endpoint)} ContainerName={quoteattr(container)}>"
        f"{given}<MaxResults>{most}</MaxResults><Blobs>{''.join(entries)}</Blobs><NextMarker>{marker}</NextMarker>"
        "</EnumerationResults>"
    )


def _blob(name: str, blob: Blob, with_metadata: bool) -> str:
    said = {
        "Creation-Time": format_datetime(blob.created_at, usegmt=True),
        "Last-Modified": format_datetime(blob.modified_at, usegmt=True),
        "Etag": blob.etag,
        "Content-Length": str(blob.size),
        **blob.properties,
        "BlobType": "BlockBlob",
        "LeaseStatus": "unlocked",
        "LeaseState": "available",
        "ServerEncrypted": "false",
    }
    properties = "".join(f"<{element}>{escape(_printable(value))}</{element}>" for element, value in said.items())
    metadata = ""
    if with_metadata:
        pairs = "".join(f"<{each}>{escape(_printable(value))}</{each}>" for each, value in blob.metadata.items())
        metadata = f"<Metadata>{pairs}</Metadata>"
    return f"<Blob><Name>{escape(name)}</Name><Properties>{properties}</Properties>{metadata}</Blob>"


def list_blocks(blob: Blob | None, staged: Sequence[Block], kind: str) -> str:
    """Raises BlobError where the kind is none."""
    if kind not in ("", "committed", "uncommitted", "all"):
        raise bad_query("blocklisttype", "is none of committed, uncommitted, all")
    committed = blob.blocks if blob is not None else ()
    parts = []
    if kind != "uncommitted":
        parts.append(f"<CommittedBlocks>{''.join(_blocks(committed))}</CommittedBlocks>")
    if kind in ("uncommitted", "all"):
        waiting = _blocks([(block.id, block.size) for block in staged])
        parts.append(f"<UncommittedBlocks>{''.join(waiting)}</UncommittedBlocks>")
    return f"{_HEAD}<BlockList>{''.join(parts)}</BlockList>"


def _blocks(blocks: Sequence[tuple[str, int]]) -> Iterator[str]:
    for block, size in blocks:
        yield f"<Block><Name>{escape(block)}</Name><Size>{size}</Size></Block>"


def read_block_list(body: bytes) -> list[tuple[str, str]]:
    """Where to look for each block, and its id. Raises BlobError."""
    try:
        root = parse_xml(body)
    except XmlError as error:
        raise BlobError(400, "InvalidXmlDocument", f"Line {error.line}: {error}.") from None
    if root.name != "BlockList" or any(each.name not in ("Latest", "Committed", "Uncommitted") for each in root.children):
        raise BlobError(400, "InvalidXmlDocument", "The body is no BlockList of Latest, Committed and Uncommitted.")
    if len(root.children) > MOST_BLOCKS:
        raise BlobError(400, "BlockListTooLong", f"The list has over {MOST_BLOCKS} blocks.")
    return [(each.name.lower(), read_block_id(each.text.strip())) for each in root.children]


def read_block_id(given: str) -> str:
    """Raises BlobError."""
    try:
        value = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if not 0 < len(value) <= _LONGEST_ID:
        raise bad_query("blockid", f"is not 1 to {_LONGEST_ID} bytes in base64")
    return base64.b64encode(value).decode()


def _read_most(given: str) -> int:
    if not given:
        return MOST
    if not _WHOLE.fullmatch(given) or int(given) == 0:
        raise BlobError(400, "OutOfRangeQueryParameterValue", f"The query parameter maxresults is not 1 to {MOST}.")
    return min(int(given), MOST)


def _read_marker(given: str) -> str:
    try:
        return base64.urlsafe_b64decode(given).decode()
    except (binascii.Error, ValueError):
        raise bad_query("marker", "is none of ours") from None


def _write_marker(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _printable(value: str) -> str:
    """What XML can have: header values may be any bytes."""
    return "".join(char if char.isprintable() else "\ufffd" for char in value)
