"""Test definitions: create, replace, list and get (reference: clt-service, sections 2.11 and 6.2).

A run is made of one by naming its id as that of the test drop, see `runs/test_definitions.py`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from headrace.api.context import Asked, Context
from headrace.api.drops import access_of, make_room
from headrace.api.failures import invalid, not_found
from headrace.api.runs import wrapped
from headrace.api.wire.queries import DefinitionQuery, DropQuery
from headrace.api.wire.test_definitions import (
    TestDefinitionBody,
    read_content,
    write_basic_test_definition,
    write_test_definition,
)
from headrace.runs.ids import new_id
from headrace.runs.model import TestDefinition
from headrace.runs.test_definitions import LONGEST_NAME
from headrace.runs.text import check_line

router = APIRouter(prefix="/_apis/clt/testdefinitions", tags=["test definitions"])


@router.post("")
def create_test_definition(body: TestDefinitionBody, asked: Asked) -> dict[str, Any]:
    """With a place for its files, should it need some: the drop that has its id."""
    services, definition_id = asked.services, new_id()
    check_line("name", body.name, LONGEST_NAME)
    make_room(asked, drop_id=definition_id)
    created = services.definitions.create(
        asked.organization,
        body.name,
        body.load_test_type,
        read_content(body),
        asked.identity,
        services.now(),
        definition_id,
    )
    return _write(created, asked)


@router.put("")
def replace_test_definition(body: TestDefinitionBody, asked: Asked) -> dict[str, Any]:
    """The body is the whole definition: what it leaves out is gone."""
    if body.id is None:
        raise invalid("id", "is missing; name the definition to be replaced.")
    replaced = asked.services.definitions.replace(
        asked.organization,
        body.id,
        body.name,
        body.load_test_type,
        read_content(body),
        asked.identity,
        asked.services.now(),
    )
    return _write(replaced, asked)


@router.get("")
def list_test_definitions(query: Annotated[DefinitionQuery, Query()], asked: Asked) -> dict[str, Any]:
    """The published example shows that one can be asked for here too, by `testdefinitionId`."""
    if query.test_definition_id is not None:
        return get_test_definition(query.test_definition_id, asked)
    found = asked.services.definitions.find(asked.organization, query.from_date, query.to_date, query.top)
    return wrapped([write_basic_test_definition(definition, asked.shows_identities) for definition in found])


@router.get("/{definition_id}")
def get_test_definition(definition_id: str, asked: Asked) -> dict[str, Any]:
    definition = asked.services.definitions.get(asked.organization, definition_id)
    if definition is None:
        raise not_found("test definition", definition_id)
    return _write(definition, asked)


def _write(definition: TestDefinition, asked: Context) -> dict[str, Any]:
    """With an access to its files that is good for two hours from now."""
    drop = asked.services.drops.get(asked.organization, definition.id)
    access = None if drop is None else access_of(drop, DropQuery(), asked)
    return write_test_definition(definition, access, asked.shows_identities)
