"""Test definitions: create, replace, list and get (reference: clt-service, sections 2.11 and 6.2).

A run is made of one by naming its id as that of the test drop, see `runs/test_definitions.py`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from headrace.api.context import Asked
from headrace.api.failures import invalid, not_found
from headrace.api.runs import wrapped
from headrace.api.wire.queries import DefinitionQuery
from headrace.api.wire.test_definitions import (
    TestDefinitionBody,
    read_content,
    write_basic_test_definition,
    write_test_definition,
)

router = APIRouter(prefix="/_apis/clt/testdefinitions", tags=["test definitions"])


@router.post("")
def create_test_definition(body: TestDefinitionBody, asked: Asked) -> dict[str, Any]:
    created = asked.services.definitions.create(
        asked.organization, body.name, body.load_test_type, read_content(body), asked.identity, asked.services.now()
    )
    return write_test_definition(created, asked.shows_identities)


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
    return write_test_definition(replaced, asked.shows_identities)


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
    return write_test_definition(definition, asked.shows_identities)
