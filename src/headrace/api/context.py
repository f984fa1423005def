"""What an endpoint knows of its request besides the body: who asks, for which organization, and how to link back."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from headrace.api.failures import ApiError, shorten
from headrace.api.services import Services, services_of
from headrace.runs.model import Identity
from headrace.settings import Settings

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses in answers; `base` ends without a slash, so that clients may append one."""

    base: str

    def drop(self, drop_id: str) -> str:
        return f"{self.base}/_apis/clt/TestDrops/{drop_id}"

    def run(self, run_id: str) -> str:
        return f"{self.base}/_apis/clt/TestRuns/{run_id}"

    def page(self, run_id: str) -> str:
        return f"{self.base}/runs/{run_id}"

    def counter_group(self, run_id: str, group: str) -> str:
        return f"{self.base}/_apis/clt/testRuns/{run_id}/CounterInstances?groupNames={group}"

    def errors(self, run_id: str, *, kind: str = "", subkind: str = "", detailed: bool = False) -> str:
        asked = {"type": kind, "subtype": subkind, "detailed": "true" if detailed else ""}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items() if value)
        return f"{self.base}/_apis/clt/testRuns/{run_id}/Errors?{query}"


@dataclass(frozen=True, slots=True)
class Context:
    """`shows_identities` is False for clients that cannot read them. `root` is the address of the service without an
    organization, and without a slash at its end."""

    services: Services
    organization: str
    identity: Identity
    links: Links
    shows_identities: bool
    root: str


def base_of(request: Request, settings: Settings) -> str:
    """The address the client reached us at, the organization as typed. Raises ApiError (400) where the host is none."""
    root = _root_of(request, settings)
    organization: str = request.state.typed_organization
    return f"{root}/{organization}" if organization else root


def _root_of(request: Request, settings: Settings) -> str:
    return settings.public_url.rstrip("/") if settings.public_url else _own_address(request)


def _own_address(request: Request) -> str:
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise ApiError(400, f"The Host header '{shorten(host)}' names no host.", "InvalidHostException")
    return f"{request.url.scheme}://{host}"


def context_of(request: Request) -> Context:
    services = services_of(request)
    return Context(
        services=services,
        organization=request.state.organization,
        identity=request.state.identity,
        links=Links(base_of(request, services.settings)),
        shows_identities=not _chokes_on_identities(request.headers.get("user-agent", ""), request.state.version),
        root=_root_of(request, services.settings),
    )


def _chokes_on_identities(user_agent: str, version: str) -> bool:
    """The Python clients of 4.1 and 5.0 fail on a run with any identity in it (reference: clt-service, section 8)."""
    return ("vsts/" in user_agent or "azure-devops/" in user_agent) and version.partition("-")[0] in ("4.1", "5.0")


Asked = Annotated[Context, Depends(context_of)]
"""The context of a request, as a parameter of an endpoint."""
