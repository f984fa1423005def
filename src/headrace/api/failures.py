"""What a client gets when it does not get what it asked for: always JSON with a `message` (reference: clt-service, 1.6).

Python clients read `message` and `typeKey`, the pipeline tasks parse the body inside their catch block, .NET clients also
read the header X-TFS-ServiceError. Clients of `/api/v1` get a problem as in RFC 9457.
"""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse

PROBLEMS_BELOW = "/api/"
_LONGEST_MESSAGE = 2000
_LONGEST_VALUE = 100


class ApiError(Exception):
    """A request that is answered with an error. The message says what is wrong and what to do instead."""

    def __init__(
        self,
        status: int,
        message: str,
        type_key: str = "InvalidArgumentValueException",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type_key = type_key
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        """The answer in the shape of the service's WrappedException."""
        message = shorten(self.message, _LONGEST_MESSAGE)
        body = {
            "$id": "1",
            "innerException": None,
            "message": message,
            "typeName": f"Headrace.{self.type_key}, Headrace",
            "typeKey": self.type_key,
            "errorCode": 0,
            "eventId": 3000,
        }
        return JSONResponse(body, self.status, {"X-TFS-ServiceError": quote(message), **self.headers})

    def answer(self, path: str) -> JSONResponse:
        """The answer in the shape of the API that `path` belongs to; it is as routes know it."""
        return self.problem() if path.startswith(PROBLEMS_BELOW) else self.response()

    def problem(self) -> JSONResponse:
        """The answer in the shape of RFC 9457. `type` names the kind of problem, and leads nowhere."""
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", self.type_key.removesuffix("Exception")).lower()
        body = {
            "type": f"urn:headrace:problem:{kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": shorten(self.message, _LONGEST_MESSAGE),
        }
        return JSONResponse(body, self.status, self.headers, media_type="application/problem+json")


def invalid(field: str, message: str) -> ApiError:
    """A value that the client sent is refused; `field` is its path as on the wire."""
    return ApiError(400, f"{field}: {message}")


def not_found(what: str, key: str) -> ApiError:
    """`what` is the thing as the service calls it, such as `test run`."""
    type_key = "".join(word.capitalize() for word in what.split()) + "NotFoundException"
    return ApiError(404, f"There is no {what} '{shorten(key)}' here.", type_key)


def shown(value: Any) -> str:
    """A value that the client sent, as a message quotes it."""
    return f"'{shorten(value)}'" if isinstance(value, str) else shorten(repr(value))


def shorten(text: str, longest: int = _LONGEST_VALUE) -> str:
    """The text, cut visibly where it is too long to be repeated."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
