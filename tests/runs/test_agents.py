"""runs/agents.py: groups of agents, who is in them, and whether they are there."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from headrace.runs.agents import DEFAULT_GROUP, FORGOTTEN, MISSED, Agents, AgentState
from headrace.runs.errors import Conflict, Invalid, NotFound
from headrace.runs.model import Identity
from headrace.runs.store import NewRun, Runs
from headrace.store.database import writing
from headrace.store.schema import runs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = Identity("1", "Ada")


@pytest.fixture
def agents(database: Engine) -> Agents:
    return Agents(database)


def test_an_organization_has_one_group_from_the_start(agents: Agents) -> None:
    (group,) = agents.groups("acme")
    assert (group.name, group.created_by) == (DEFAULT_GROUP, None)
    assert agents.group("acme", group.id.upper()) == group
    assert agents.groups("acme") == agents.groups("acme", "DEFAULT") == [group]


def test_groups_are_made_and_found_by_name_in_any_case(agents: Agents) -> None:
    first = agents.create_group("acme", "Ours", ADA, NOW)
    second = agents.create_group("acme", "ours", ADA, NOW + timedelta(seconds=1))
    assert agents.groups("acme")[1:] == agents.groups("acme", "OURS") == [first, second]
    assert agents.group("acme", first.id) == first
    assert agents.groups("acme", "theirs") == []


@pytest.mark.parametrize("name", ["", " ", "a\0b", "x" * 257])
def test_a_name_that_is_none_is_refused(agents: Agents, name: str) -> None:
    with pytest.raises(Invalid):
        agents.create_group("acme", name, ADA, NOW)


def test_another_organization_cannot_see_a_group(agents: Agents) -> None:
    made = agents.create_group("acme", "Ours", ADA, NOW)
    (default,) = agents.groups("other")
    assert default.id != agents.groups("acme")[0].id
    for group_id in (made.id, agents.groups("acme")[0].id, "x", ""):
        with pytest.raises(NotFound):
            agents.group("other", group_id)


def test_an_agent_is_free_while_it_beats_and_offline_when_it_does_not(agents: Agents) -> None:
    group = agents.groups("acme")[0]
    assert agents.members(group, NOW) == []
    agents.beat("host", NOW - timedelta(minutes=1))
    agents.beat("host", NOW)
    (agent,) = agents.members(group, NOW)
    assert (agent.name, agent.group, agent.last_heart_beat, agent.state) == ("host", group, NOW, AgentState.FREE)
    assert agents.members(group, NOW + MISSED)[0].state is AgentState.FREE
    assert agents.members(group, NOW + MISSED + timedelta(seconds=1))[0].state is AgentState.OFFLINE


def test_an_agent_that_was_not_there_for_a_month_is_forgotten_when_another_comes(agents: Agents) -> None:
    group = agents.groups("acme")[0]
    agents.beat("long ago", NOW - FORGOTTEN - timedelta(seconds=1))
    agents.beat("before", NOW - FORGOTTEN)
    agents.beat("host", NOW)
    assert [agent.name for agent in agents.members(group, NOW)] == ["before", "host"]


def test_there_can_be_only_so_many_groups(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.runs.agents.MOST_GROUPS", 2)
    for name in ("one", "two"):
        agents.create_group("acme", name, ADA, NOW)
    with pytest.raises(Conflict, match="There are 2 agent groups already"):
        agents.create_group("acme", "three", ADA, NOW)
    agents.create_group("other", "one", ADA, NOW)


def test_an_agent_is_busy_while_a_run_is_under_way(agents: Agents, database: Engine) -> None:
    agents.beat("host", NOW)
    run = Runs(database).create(NewRun("acme", "Shop", "drop"), ADA, NOW)
    group = agents.groups("acme")[0]
    for state, shown in (("queued", AgentState.FREE), ("in_progress", AgentState.BUSY), ("completed", AgentState.FREE)):
        with writing(database) as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(state=state))
        assert agents.members(group, NOW)[0].state is shown


def test_a_group_that_was_made_has_no_agents_even_by_the_default_name(agents: Agents) -> None:
    agents.beat("host", NOW)
    assert agents.members(agents.create_group("acme", DEFAULT_GROUP, ADA, NOW), NOW) == []


def test_only_an_agent_that_is_offline_can_be_deleted(agents: Agents) -> None:
    group = agents.groups("acme")[0]
    agents.beat("host", NOW)
    with pytest.raises(Conflict, match="'host' is online"):
        agents.forget(group, "host", ADA, NOW)
    later = NOW + MISSED + timedelta(seconds=1)
    agents.forget(group, "HOST", ADA, later)
    assert agents.members(group, later) == []
    with pytest.raises(NotFound, match="no agent 'host' in the group 'default'"):
        agents.forget(group, "host", ADA, later)
