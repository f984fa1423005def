"""Conditional headers: what must hold of a file before it is read or replaced."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from headrace.api.blobs.failures import BlobError, bad_header
from headrace.blobs.index import Blob


def check_for_reading(headers: Headers, blob: Blob) -> None:
    """Raises BlobError: 304 where the client has the file already, 412 where it wanted another one."""
    if _differs(headers, blob):
        raise _not_met()
    given = headers.get("if-none-match")
    if given is not None:
        if _names(given, blob):
            raise BlobError(304, "ConditionNotMet", "The file is the one that If-None-Match names.")
        return
    since = _date(headers, "if-modified-since")
    if since is not None and blob.modified_at.replace(microsecond=0) <= since:
        raise BlobError(304, "ConditionNotMet", "The file was not modified since.")


def check_for_writing(headers: Headers, blob: Blob | None) -> None:
    """Raises BlobError: 409 where the file must not be there yet, 412 where it is another one than the client wanted."""
    given = headers.get("if-none-match")
    if given is not None and blob is not None and _names(given, blob):
        if given.strip() == "*":
            raise BlobError(409, "BlobAlreadyExists", "The specified blob already exists.")
        raise _not_met()
    if blob is None:
        if "if-match" in headers:
            raise _not_met()
        return
    since = _date(headers, "if-modified-since")
    if _differs(headers, blob) or (since is not None and blob.modified_at.replace(microsecond=0) <= since):
        raise _not_met()


def _differs(headers: Headers, blob: Blob) -> bool:
    given = headers.get("if-match")
    if given is not None and not _names(given, blob):
        return True
    since = _date(headers, "if-unmodified-since")
    return since is not None and blob.modified_at.replace(microsecond=0) > since


def _names(given: str, blob: Blob) -> bool:
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in given.split(","))
    return any(tag in ("*", blob.etag) for tag in tags)


def _date(headers: Headers, name: str) -> datetime | None:
    given = headers.get(name)
    if given is None:
        return None
    try:
        date = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        raise bad_header(name, "is no date") from None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def _not_met() -> BlobError:
    return BlobError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
