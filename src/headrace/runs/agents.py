"""Groups of agents, and the agents in them.

Each organization has one group from the start, DEFAULT_GROUP. In it are the machines on which the service itself generates
load, which all organizations share. Other groups are made by clients; nothing can join them yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Engine, RowMapping, func, insert, select, update

from headrace.blobs.drop_files import tenant_of
from headrace.runs.audit import Act, Entry, record
from headrace.runs.errors import Conflict, NotFound
from headrace.runs.ids import new_id, read_id
from headrace.runs.model import Identity, State
from headrace.runs.text import check_line
from headrace.store.database import reading, writing
from headrace.store.schema import agent_groups, agents, runs

DEFAULT_GROUP = "default"
"""The name is the one that the old pipeline tasks suggest."""
LONGEST_NAME = 256
BEAT = timedelta(seconds=60)
"""How often an agent says that it is there."""
MISSED = 3 * BEAT
"""After so long without a beat an agent counts as offline."""
FORGOTTEN = timedelta(days=30)
"""After so long it is not shown any more: in containers every start of the service may have another name."""
MOST_GROUPS = 1000
"""Groups of an organization beside its default one."""

_UNDER_WAY = (State.IN_PROGRESS.value, State.STOPPING.value)


class AgentState(StrEnum):
    FREE = "free"
    BUSY = "busy"  # generates the load of at least one run
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class AgentGroup:
    """A group of agents; the one that is always there was created by nobody."""

    id: str
    organization: str
    name: str
    created_at: datetime | None = None
    created_by: Identity | None = None


@dataclass(frozen=True, slots=True)
class LiveAgent:
    name: str
    group: AgentGroup
    last_heart_beat: datetime
    state: AgentState


class Agents:
    """The groups of all organizations, and all agents."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def create_group(self, organization: str, name: str, by: Identity, at: datetime) -> AgentGroup:
        """Makes a new group; names need not be unique. Raises Invalid about the `name`, Conflict where there are enough."""
        check_line("name", name, LONGEST_NAME)
        group = AgentGroup(new_id(), organization, name, at, by)
        values = {**msgspec.to_builtins(group), "created_at": at, "folded_name": name.casefold()}
        there = select(func.count()).where(agent_groups.c.organization == organization)
        with writing(self._database) as connection:
            if connection.execute(there).scalar_one() >= MOST_GROUPS:
                raise Conflict(f"There are {MOST_GROUPS} agent groups already, and no more are kept; use one of them.")
            connection.execute(insert(agent_groups).values(values))
            record(connection, Entry(at, organization, by, Act.CREATE_AGENT_GROUP, group.id, name))
        return group

    def groups(self, organization: str, name: str | None = None) -> list[AgentGroup]:
        """The groups of an organization, or those of this name (in any case): the default one, then the oldest first."""
        table = agent_groups.c
        query = select(agent_groups).where(table.organization == organization).order_by(table.created_at, table.id)
        if name is not None:
            query = query.where(table.folded_name == name.casefold())
        with reading(self._database) as connection:
            made = [_read_group(row) for row in connection.execute(query).mappings()]
        return [*([_default_group(organization)] if name is None or is_default(name) else []), *made]

    def group(self, organization: str, group_id: str) -> AgentGroup:
        """Raises NotFound."""
        default, known = _default_group(organization), read_id(group_id)
        if known == default.id:
            return default
        table = agent_groups.c
        query = select(agent_groups).where(table.id == known, table.organization == organization)
        with reading(self._database) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"There is no agent group {group_id[:100]!r} here.")
        return _read_group(row)

    def beat(self, name: str, at: datetime) -> None:
        """Notes that the service's own agent of this name is there."""
        with writing(self._database) as connection:
            known = connection.execute(update(agents).where(agents.c.name == name).values(last_heart_beat=at))
            if known.rowcount == 0:
                connection.execute(agents.delete().where(agents.c.last_heart_beat < at - FORGOTTEN))
                connection.execute(insert(agents).values(name=name, last_heart_beat=at))

    def members(self, group: AgentGroup, now: datetime) -> Sequence[LiveAgent]:
        """The agents of a group by name."""
        if not is_default(group.name) or group.created_by is not None:
            return []
        under_way = select(runs.c.id).where(runs.c.state.in_(_UNDER_WAY)).limit(1)
        with reading(self._database) as connection:
            busy = connection.execute(under_way).first() is not None
            rows = connection.execute(select(agents).order_by(agents.c.name)).all()
        return [LiveAgent(row.name, group, row.last_heart_beat, _state(row.last_heart_beat, now, busy)) for row in rows]

    def forget(self, group: AgentGroup, name: str, by: Identity, now: datetime) -> None:
        """Deletes an agent that is offline. Raises NotFound, and Conflict where it is not."""
        found = next((agent for agent in self.members(group, now) if agent.name.lower() == name.lower()), None)
        if found is None:
            raise NotFound(f"There is no agent {name[:100]!r} in the group '{group.name}'.")
        silent = agents.c.last_heart_beat < now - MISSED
        with writing(self._database) as connection:
            deleted = connection.execute(agents.delete().where(agents.c.name == found.name, silent))
            if deleted.rowcount == 1:
                record(connection, Entry(now, group.organization, by, Act.DELETE_AGENT, found.name, found.name))
        if deleted.rowcount == 0:
            raise Conflict(f"The agent '{found.name}' is online; only one that is offline can be deleted.")


def is_default(group_name: str) -> bool:
    return group_name.casefold() == DEFAULT_GROUP


def _default_group(organization: str) -> AgentGroup:
    return AgentGroup(str(uuid5(UUID(tenant_of(organization)), DEFAULT_GROUP)), organization, DEFAULT_GROUP)


def _state(last_heart_beat: datetime, now: datetime, busy: bool) -> AgentState:
    if last_heart_beat < now - MISSED:
        return AgentState.OFFLINE
    return AgentState.BUSY if busy else AgentState.FREE


def _read_group(row: RowMapping) -> AgentGroup:
    by = msgspec.convert(row["created_by"], Identity)
    return AgentGroup(row["id"], row["organization"], row["name"], row["created_at"], by)
