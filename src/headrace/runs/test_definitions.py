"""Test definitions, which the old portal kept (reference: clt-service, section 6.2), and the drops that runs of them need.

Their content is kept under these keys, checked by type by the API, absent ones left out: `description`,
`load_test_definition_source`, `run_settings` (`duration`, `warm_up_duration`, `sampling_interval` in seconds, `core_count`,
`cores_per_agent`, `agent_count`, `load_generator_machines_type`), `load_generation_geo_locations` (each `location`,
`percentage`), `static_agent_run_settings` (`load_generator_machines_type`, `static_agent_group_name`), `test_details`
(`visual_studio_load_test_file_name`, `scenarios`).

A scenario has `scenario_name`, `load_pattern` (`user_load`, `load_pattern_type`), `browser_mixs` (each `browser_name`,
`browser_percentage`) and `test_mix`; a test of it `test_name`, `test_type`, `mix_percentage`, `url_list`, `data_sources` and
`global_parameters`; an entry of a `url_list` `label`, `service_url`, `http_method` (`method`), `http_version` (`major`,
`minor`), `query_parameters`, `request_headers`, `http_body` and `extraction_rules`. The last four, and the last two of a
test, are JSON as it came.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Engine, RowMapping, select

from headrace.runs.audit import Act, Entry, record
from headrace.runs.defined_load import load_test_of
from headrace.runs.drops import Drops
from headrace.runs.errors import Invalid, NotFound
from headrace.runs.ids import new_id, read_id
from headrace.runs.model import DefinitionKind, DropKind, Identity, TestDefinition
from headrace.runs.text import check_line
from headrace.store.database import reading, writing
from headrace.store.schema import test_definitions

LONGEST_NAME = 256
MOST_FOUND = 1000


class TestDefinitions:
    """All test definitions of all organizations."""

    __test__ = False  # not a pytest class

    def __init__(self, database: Engine) -> None:
        self._database = database

    def create(
        self,
        organization: str,
        name: str,
        kind: DefinitionKind,
        content: dict[str, Any],
        by: Identity,
        at: datetime,
        definition_id: str | None = None,
    ) -> TestDefinition:
        """Keeps a new definition, under a fresh id where none is given; names need not be unique.

        Raises Invalid about the `name`.
        """
        check_line("name", name, LONGEST_NAME)
        definition = TestDefinition(definition_id or new_id(), organization, name, kind, content, at, by, at, by)
        values = {**msgspec.to_builtins(definition), "created_at": at, "modified_at": at}
        with writing(self._database) as connection:
            connection.execute(test_definitions.insert().values(values))
            record(connection, Entry(at, organization, by, Act.CREATE_DEFINITION, definition.id, name))
        return definition

    def replace(
        self,
        organization: str,
        definition_id: str,
        name: str,
        kind: DefinitionKind,
        content: dict[str, Any],
        by: Identity,
        at: datetime,
    ) -> TestDefinition:
        """Gives a definition another name, kind and content. Raises NotFound, and Invalid about the `name`.

        Runs that were made of it stay what they are.
        """
        check_line("name", name, LONGEST_NAME)
        table = test_definitions.c
        known = read_id(definition_id)
        here = (table.id == known, table.organization == organization)
        changed = {"name": name, "kind": kind.value, "content": content, "modified_at": at}
        with writing(self._database) as connection:
            replaced = connection.execute(
                test_definitions.update().where(*here).values(**changed, modified_by=msgspec.to_builtins(by))
            )
            if known is not None and replaced.rowcount == 1:
                record(connection, Entry(at, organization, by, Act.CHANGE_DEFINITION, known, name))
        definition = self.get(organization, definition_id)
        if definition is None:
            raise NotFound(f"There is no test definition {definition_id[:100]!r} here.")
        return definition

    def get(self, organization: str, definition_id: str) -> TestDefinition | None:
        """The definition of this id; None where the organization has none."""
        known = read_id(definition_id)
        if known is None:
            return None
        table = test_definitions.c
        query = test_definitions.select().where(table.id == known, table.organization == organization)
        with reading(self._database) as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _read(row)

    def find(
        self, organization: str, after: datetime | None = None, before: datetime | None = None, top: int = MOST_FOUND
    ) -> list[TestDefinition]:
        """The newest `top` that were created between these instants, both excluded, the oldest first; without their content.

        Raises Invalid where `top` is not 1..1000.
        """
        if not 1 <= top <= MOST_FOUND:
            raise Invalid("top", f"{top} definitions cannot be listed at once; ask for 1 to {MOST_FOUND}")
        table = test_definitions.c
        query = select(*(column for column in table if column is not table.content)).where(
            table.organization == organization
        )
        if after is not None:
            query = query.where(table.created_at > after)
        if before is not None:
            query = query.where(table.created_at < before)
        query = query.order_by(table.created_at.desc(), table.id).limit(top)
        with reading(self._database) as connection:
            rows = connection.execute(query).mappings().all()
        return [_read(row) for row in reversed(rows)]


def drop_of(definitions: TestDefinitions, drops: Drops, organization: str, drop_id: str, by: Identity, at: datetime) -> str:
    """The id of the drop to run: `drop_id` itself, or where that is a definition of URLs, a new drop of what it says now.

    A run keeps what it was made of, so later changes of a definition do not reach it. The files that another definition
    needs are in the drop that has the id of the definition.
    """
    definition = definitions.get(organization, drop_id)
    if definition is None or needs_files(definition):
        return drop_id
    content = {"name": definition.name, **definition.content}
    drop = drops.create(organization, DropKind.IN_PLACE, load_test_of(content), at, test_definition=content, by=by)
    return drop.id


def needs_files(definition: TestDefinition) -> bool:
    """Whether a definition is of a test in files rather than of URLs."""
    details = definition.content.get("test_details") or {}
    return definition.kind is not DefinitionKind.VISUAL_STUDIO or bool(details.get("visual_studio_load_test_file_name"))


def _read(row: RowMapping) -> TestDefinition:
    return TestDefinition(
        id=row["id"],
        organization=row["organization"],
        name=row["name"],
        kind=DefinitionKind(row["kind"]),
        content=row.get("content", {}),
        created_at=row["created_at"],
        created_by=msgspec.convert(row["created_by"], Identity),
        modified_at=row["modified_at"],
        modified_by=msgspec.convert(row["modified_by"], Identity),
    )
