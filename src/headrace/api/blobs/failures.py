"""What a client of Azure Storage gets when it does not get what it asked for: XML, and the code in a header too."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from starlette.responses import Response

from headrace.api.failures import shorten
from headrace.blobs.refusals import BlobRefused, Reason

_REFUSED = {
    Reason.NO_DROP: (404, "ContainerNotFound"),
    Reason.NO_BLOB: (404, "BlobNotFound"),
    Reason.TAKEN: (409, "BlobAlreadyExists"),
    Reason.FULL: (413, "RequestBodyTooLarge"),
    Reason.BLOCKS: (400, "InvalidBlockList"),
}


class BlobError(Exception):
    """A request that is answered with an error; `code` is one of Azure's, which its clients know."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def response(self, request_id: str) -> Response:
        headers = {"x-ms-error-code": self.code, **self.headers}
        if self.status == 304:
            return Response(status_code=304, headers=headers)
        told = f"{shorten(self.message, 2000)}\nRequestId:{request_id}\nTime:{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        told = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in told)
        body = (
            f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{self.code}</Code><Message>{escape(told)}</Message></Error>'
        )
        return Response(body, self.status, headers, "application/xml")


def refused(error: BlobRefused) -> BlobError:
    status, code = _REFUSED[error.reason]
    return BlobError(status, code, str(error))


def denied(message: str) -> BlobError:
    """The same for every signature that is none of ours, whatever there is at the address."""
    return BlobError(403, "AuthenticationFailed", f"Server failed to authenticate the request. {message}")


def not_permitted() -> BlobError:
    message = "This request is not authorized to perform this operation using this permission."
    return BlobError(403, "AuthorizationPermissionMismatch", message)


def bad_header(name: str, message: str) -> BlobError:
    return BlobError(400, "InvalidHeaderValue", f"The header {name} {message}.")


def bad_query(name: str, message: str) -> BlobError:
    return BlobError(400, "InvalidQueryParameterValue", f"The query parameter {name} {message}.")
