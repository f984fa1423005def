"""An HTTP request as a test asks for it. Texts are templates (`plan/templates.py`) unless said otherwise."""

from enum import StrEnum

from headrace.plan.rules import Extraction, Validation
from headrace.plan.value import Value


class Parameter(Value, frozen=True):
    """A name and a value in a query or a form; `encode` percent-encodes both, else they are sent as they are."""

    name: str
    value: str
    encode: bool = True


class Form(Value, frozen=True, tag="form", tag_field="type"):
    """`application/x-www-form-urlencoded`."""

    fields: tuple[Parameter, ...]


class Text(Value, frozen=True, tag="text", tag_field="type"):
    """A text, in `charset` (no template). `content_type` "" sends none."""

    text: str
    content_type: str = "text/plain; charset=utf-8"
    charset: str = "utf-8"


class Binary(Value, frozen=True, tag="binary", tag_field="type"):
    """Bytes as they are (base64 in plan.yaml)."""

    content: bytes
    content_type: str = "application/octet-stream"


class FormPart(Value, frozen=True):
    """A field or, where it has a `file_name`, a file of a multipart form; `content` goes before `value`."""

    name: str
    value: str = ""
    content: bytes | None = None
    file_name: str = ""
    content_type: str = ""


class Multipart(Value, frozen=True, tag="multipart", tag_field="type"):
    """`multipart/form-data`."""

    parts: tuple[FormPart, ...]


Body = Form | Text | Binary | Multipart


class AuthScheme(StrEnum):
    BASIC = "basic"
    BEARER = "bearer"
    DIGEST = "digest"
    AS_ASKED = "as asked"  # digest or basic, whichever the server asks for; nothing before it asks


class Escaping(StrEnum):
    """How a query and a form are percent-encoded: as HTML has it, or as .NET's `UrlEncode`, `%2f` and `!()` as they are."""

    HTML = "html"
    DOTNET = "dotnet"


class Credentials(Value, frozen=True):
    """How a request proves who sends it. Bearer: `password` is the token."""

    scheme: AuthScheme
    password: str
    user: str = ""


class Request(Value, frozen=True, tag="request", tag_field="step"):
    """One HTTP request; as a step, a page of its own.

    `url` is http or https, absolute when its variables have values; `name` is what results report it under ("": the URL as
    written here). `timeout` is in seconds (None: the plan's). It passes with a status of `expected_status`, where none is
    given with any below 400, with `ignore_status` whatever the status. `goal`: its page should take at most so many seconds.
    `recorded` false: sent, but in no result. `charset` (no template): in which the query and a form are encoded, and an
    answer is read that names none.
    """

    url: str
    method: str = "GET"
    name: str = ""
    query: tuple[Parameter, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None
    credentials: Credentials | None = None
    extract: tuple[Extraction, ...] = ()
    validate: tuple[Validation, ...] = ()
    expected_status: tuple[int, ...] = ()
    ignore_status: bool = False
    follow_redirects: bool = True
    timeout: float | None = None
    goal: float | None = None
    cache: bool = False
    recorded: bool = True
    charset: str = "utf-8"
    escaping: Escaping = Escaping.HTML


class Page(Value, frozen=True, tag="page", tag_field="step"):
    """A request and its dependents, which the user's browser then fetches in parallel.

    `find_dependents`: also those that an HTML answer names (images, style sheets, scripts).
    """

    request: Request
    dependents: tuple[Request, ...] = ()
    find_dependents: bool = False
