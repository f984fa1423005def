"""Test drops: what a run is made from (reference: clt-service, section 2.2)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from headrace.api.context import Asked, Context
from headrace.api.failures import invalid, not_found, shown
from headrace.api.wire.definitions import read_definition
from headrace.api.wire.queries import DropQuery
from headrace.api.wire.requests import LoadTestDefinition, TestDrop
from headrace.api.wire.runs import write_drop
from headrace.blobs.drop_files import Access, FilesUnavailableError
from headrace.blobs.names import read_name
from headrace.blobs.sas import ALL
from headrace.plan.urls import check_url
from headrace.runs.access import Action, may, permit
from headrace.runs.definition import details_of
from headrace.runs.errors import Invalid, NotFound
from headrace.runs.limits import check_details
from headrace.runs.model import Drop, DropKind
from headrace.runs.operations import delete_drop
from headrace.runs.plan_drops import create_plan_drop
from headrace.settings import Settings

router = APIRouter(prefix="/_apis/clt/testdrops", tags=["test drops"])

_READING = "rl"  # of the permissions of `blobs/sas.py`: read, list

# Where the details of a run stand in a definition.
_MEMBERS = {
    "users": "maxVusers",
    "duration": "runDuration",
    "sampling_interval": "samplingRate",
    "agents": "agentCount",
    "cores": "coreCount",
    "cores_per_agent": "coresPerAgent",
    "locations": "loadGenerationGeoLocations",
}


@router.post("")
def create_drop(body: TestDrop, asked: Asked) -> dict[str, Any]:
    """An in-place drop carries its test as a loadTestDefinition or, our addition, as a plan; the files of others are
    uploaded to where the answer says."""
    definition = body.load_test_definition
    if body.headrace_plan is not None:
        return _create_plan_drop(body, body.headrace_plan, asked)
    if body.drop_type is DropKind.IN_PLACE and definition is None:
        raise invalid("loadTestDefinition", "is missing; an InPlaceDrop consists of it.")
    kept = None
    if definition is not None:
        kept = read_definition(definition)
        _check_numbers(kept, asked.services.settings)
        if body.drop_type is DropKind.IN_PLACE:
            _check_load(definition, asked.services.settings)
    services = asked.services
    if body.drop_type is DropKind.BLOB:
        drop = make_room(asked, kept)
        return write_drop(drop, access_of(drop, DropQuery(), asked))
    return write_drop(services.drops.create(asked.organization, body.drop_type, kept, services.now(), by=asked.identity))


@router.get("/{drop_id}")
def get_drop(drop_id: str, query: Annotated[DropQuery, Query()], asked: Asked) -> dict[str, Any]:
    """With an access that is good for two hours from now."""
    drop = asked.services.drops.get(asked.organization, drop_id)
    if drop is None:
        raise not_found("test drop", drop_id)
    return write_drop(drop, access_of(drop, query, asked) if drop.kind is DropKind.BLOB else None)


@router.delete("/{drop_id}")
def remove_drop(drop_id: str, asked: Asked) -> dict[str, Any]:
    """An addition of ours, answered as the service before this one did (reference: clt-service, 2.12)."""
    services = asked.services
    try:
        delete_drop(services.runs, services.drops, services.files, asked.organization, drop_id, asked.holder, services.now())
    except NotFound:
        raise not_found("test drop", drop_id) from None
    return {}


def make_room(asked: Context, definition: dict[str, Any] | None = None, drop_id: str | None = None) -> Drop:
    """A new drop for files, `drop_id` where that is given. Raises FilesUnavailableError."""
    services = asked.services
    drop = services.drops.create(
        asked.organization, DropKind.BLOB, definition, services.now(), drop_id=drop_id, by=asked.identity
    )
    try:
        services.files.open(drop.id)
    except FilesUnavailableError:
        services.drops.delete(drop.organization, drop.id, asked.identity, services.now())
        raise
    return drop


def access_of(drop: Drop, query: DropQuery, asked: Context) -> Access:
    """An access to the files of a drop. It allows no more than the token: without the right to run tests, reading.

    Raises ApiError (400) for a name that is none, and Forbidden where the query asks for more.
    """
    if not set(query.permissions) <= set(_READING):
        permit(asked.holder, Action.RUN)
    permissions = query.permissions or (ALL if may(asked.holder, Action.RUN) else _READING)
    try:
        name = read_name(query.blob) if query.blob else ""
    except ValueError as error:
        raise invalid("blob", f"{shown(query.blob)} is not possible: {error}.") from None
    services = asked.services
    return services.files.access(asked.root, drop.organization, drop.id, permissions, name, services.now())


def _create_plan_drop(body: TestDrop, text: str, asked: Context) -> dict[str, Any]:
    if body.drop_type is not DropKind.IN_PLACE:
        raise invalid("headracePlan", "is only taken by a drop of the type InPlaceDrop.")
    services = asked.services
    given = read_definition(body.load_test_definition) if body.load_test_definition else None
    drop = create_plan_drop(
        services.drops,
        services.settings,
        asked.organization,
        text,
        asked.identity,
        services.now(),
        called="headracePlan",
        given=given,
    )
    return write_drop(drop)


def _check_numbers(kept: dict[str, Any], settings: Settings) -> None:
    try:
        check_details(details_of(kept), settings)
    except Invalid as error:
        member = _MEMBERS[error.field.removeprefix("details.")]
        raise invalid(f"loadTestDefinition.{member}", f"{error.message}.") from None


def _check_load(definition: LoadTestDefinition, settings: Settings) -> None:
    """What only a definition must have that is the whole test: URLs, and users that are known."""
    if definition.max_vusers == -1:
        raise invalid("loadTestDefinition.maxVusers", f"is -1; give 1 to {settings.max_users}.")
    urls = definition.urls or []
    if not 1 <= len(urls) <= settings.max_urls:
        raise invalid("loadTestDefinition.urls", f"has {len(urls)} entries; give 1 to {settings.max_urls}.")
    for index, url in enumerate(urls):
        try:
            check_url(url)
        except ValueError as error:
            raise invalid(f"loadTestDefinition.urls[{index}]", f"{shown(url)} {error}.") from None
