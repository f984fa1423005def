"""The REST API as an application: what a request passes through on its way to an endpoint, and how errors leave.

A request is addressed, authenticated, checked for its version and bounded, in this order: nothing is read from a stranger.
"""

from collections.abc import Sequence
from functools import partial
from uuid import uuid4

import structlog
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Scope

from headrace import __version__
from headrace.api import agents, application_counters, drops, location, results, runs, test_definitions
from headrace.api.addressing import Addressing
from headrace.api.authentication import Authentication
from headrace.api.blobs.endpoint import BlobEndpoint
from headrace.api.description_pages import PATHS, description_pages
from headrace.api.failures import PROBLEMS_BELOW, ApiError
from headrace.api.limits import Limits
from headrace.api.openapi import describe
from headrace.api.permissions import check_permission
from headrace.api.services import Services
from headrace.api.v1 import administration, events
from headrace.api.v1 import results as v1_results
from headrace.api.v1 import runs as v1_runs
from headrace.api.v1.shape import explain_invalid
from headrace.api.validation import explain
from headrace.api.versions import Versions
from headrace.blobs.drop_files import FilesUnavailableError
from headrace.blobs.local import LocalFiles
from headrace.runs.access import Holder
from headrace.runs.errors import Conflict, Forbidden, Invalid, NotFound

__all__ = ["Services", "create_app"]

log = structlog.get_logger(__name__)


def create_app(services: Services, pages: Sequence[BaseRoute] = ()) -> FastAPI:
    """`pages` are served beside the API, behind the same addressing and authentication: they find `organization` and
    `identity` in the request's state, and their paths are in lower case and without the organization."""

    def admit(token: str) -> Holder | None:
        return services.tokens.admit(token, services.now())

    app = FastAPI(
        title="Headrace",
        version=__version__,
        middleware=[
            *_blob_endpoint(services),
            Middleware(Addressing),
            Middleware(Authentication, admit=admit, is_open=_is_open),
            Middleware(Versions),
            Middleware(Limits, max_body=services.settings.max_body, max_plan=services.settings.max_plan),
        ],
        dependencies=[Depends(check_permission)],
        exception_handlers={
            ApiError: _answer_failure,
            NotFound: _answer_failure,
            Conflict: _answer_failure,
            Forbidden: _answer_failure,
            Invalid: _answer_failure,
            FilesUnavailableError: _answer_failure,
            RequestValidationError: _answer_failure,
            HTTPException: _answer_failure,
            Exception: _answer_fault,
        },
        # Ours are in `description_pages.py`: FastAPI's load their scripts from elsewhere.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.listeners = events.Listeners(services.settings.max_listeners)
    for router in (
        drops.router,
        runs.router,
        results.router,
        results.files,
        test_definitions.router,
        agents.router,
        application_counters.router,
        location.router,
        v1_runs.router,
        v1_results.router,
        events.router,
        administration.router,
    ):
        app.include_router(router)
    app.router.routes.extend([*pages, *description_pages(partial(describe, app))])
    return app


def _blob_endpoint(services: Services) -> list[Middleware]:
    """None where the files of drops are in an account elsewhere."""
    if not isinstance(services.files, LocalFiles):
        return []
    return [Middleware(BlobEndpoint, files=services.files, now=services.now)]


def _is_open(scope: Scope) -> bool:
    """What needs no token: discovery, which clients do first, files, whose links are signed, and what describes the API."""
    path: str = scope["path"]
    if path in PATHS:
        return scope["method"] in ("GET", "HEAD")
    return (scope["method"] == "OPTIONS" and path.startswith("/_apis")) or path.startswith("/files/")


async def _answer_failure(request: Request, error: Exception) -> Response:
    return _failure_of(request, error).answer(request.url.path)


def _failure_of(request: Request, error: Exception) -> ApiError:
    of_v1 = request.url.path.startswith(PROBLEMS_BELOW)
    match error:
        case ApiError():
            return error
        case Invalid():
            return explain_invalid(error) if of_v1 else runs.explain_invalid(error)
        case NotFound():
            return ApiError(404, str(error), "ObjectNotFoundException")
        case Forbidden():
            return ApiError(403, str(error), "AccessDeniedException")
        case Conflict():
            return ApiError(409 if of_v1 else 400, str(error), "InvalidOperationException")
        case FilesUnavailableError():
            return ApiError(503, f"The files of test drops cannot be reached: {error}.", "ServiceUnavailableException")
        case RequestValidationError():
            return ApiError(400, explain(error.errors()))
        case HTTPException(status_code=404) if error.detail == "Not Found":
            return ApiError(404, f"There is nothing at {request.method} {request.url.path}.", "ResourceNotFoundException")
        case HTTPException(status_code=405):
            return ApiError(
                405,
                f"{request.method} is not possible at {request.url.path}.",
                "MethodNotAllowedException",
                dict(error.headers or {}),
            )
        case HTTPException():
            return ApiError(error.status_code, error.detail, "RequestRefusedException", dict(error.headers or {}))
        case _:
            raise error


async def _answer_fault(request: Request, error: Exception) -> Response:
    """What went wrong stands in the log only, under a reference that the user can name."""
    reference = uuid4().hex[:12]
    log.error("request failed", reference=reference, method=request.method, path=request.url.path, exc_info=error)
    message = f"The server failed. Its operator finds the cause in the log under the reference {reference}."
    return ApiError(500, message, "InternalServerErrorException").answer(request.url.path)
