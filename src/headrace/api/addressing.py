"""Where a request goes, however it is spelt (reference: clt-service, 1.1 and section 0, lines 6, 7 and 16).

The pipeline tasks double slashes, some clients lower-case addresses, and all spell names as they like. After this middleware
a path is in lower case, without an organization, without empty segments, and so are the names of query parameters. Values of
query parameters are left alone. The organization is in the request's state: as identity, and as typed for links.
"""

from urllib.parse import quote, unquote_plus

from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.api.failures import ApiError, shorten
from headrace.runs.organizations import DEFAULT, NAME

# What may follow an organization: the APIs, the pages of runs, and the files that signed links lead to. None of these can be
# the name of an organization.
ROOTS = ("_apis", "api", "runs", "files")


class Addressing:
    """Brings the path and the names of query parameters into one form, or answers 404 where the organization is none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            organization, path = read_path(scope["path"])
        except ApiError as failure:
            path = scope["path"].lstrip("/")
            await failure.answer(path[path.find("/") :])(scope, receive, send)
            return
        # Only old clients spell parameters as they like
        query = scope["query_string"] if path.startswith("/api/") else fold_names(scope["query_string"])
        state = {
            **scope.get("state", {}),
            "organization": (organization or DEFAULT).lower(),
            "typed_organization": organization,
        }
        await self.app({**scope, "path": path, "query_string": query, "state": state}, receive, send)


def read_path(path: str) -> tuple[str, str]:
    """The organization as typed ("" where there is none), and the path as routes know it.

    Raises ApiError (404) where the organization is no name.
    """
    segments = [segment for segment in path.split("/") if segment]
    lower = [segment.lower() for segment in segments]
    if len(segments) < 2 or lower[0] in ROOTS or lower[1] not in ROOTS:
        return "", "/" + "/".join(lower)
    organization = segments[0]
    if not NAME.fullmatch(organization):
        raise ApiError(
            404,
            f"'{shorten(organization)}' is no organization: its name has 1 to 128 of the characters A-Z a-z 0-9 . _ -",
            "OrganizationNotFoundException",
        )
    return organization, "/" + "/".join(lower[1:])


def fold_names(query: bytes) -> bytes:
    """The query with the names of its parameters in lower case."""
    return b"&".join(_fold_name(part) for part in query.split(b"&"))


def _fold_name(part: bytes) -> bytes:
    name, equals, value = part.partition(b"=")
    folded = quote(unquote_plus(name.decode("latin-1")).lower(), safe="-._~$")
    return folded.encode("ascii") + equals + value
