"""Groups of agents and the agents in them (reference: clt-service, section 2.11)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from headrace.api.context import Asked
from headrace.api.failures import invalid
from headrace.api.runs import wrapped
from headrace.api.wire.agents import write_agent, write_group, write_machine_input
from headrace.api.wire.queries import AgentGroupQuery, AgentQuery
from headrace.api.wire.requests import AgentGroup

router = APIRouter(prefix="/_apis/clt/agentgroups", tags=["agents"])


@router.post("")
def create_agent_group(body: AgentGroup, asked: Asked) -> dict[str, Any]:
    group = asked.services.agents.create_group(asked.organization, body.group_name, asked.identity, asked.services.now())
    return write_group(group, asked.shows_identities)


@router.get("")
def list_agent_groups(query: Annotated[AgentGroupQuery, Query()], request: Request, asked: Asked) -> dict[str, Any]:
    """All groups or those of a name; or one, where its id is in the query."""
    if query.agent_group_id is not None:
        return get_agent_group(query.agent_group_id, query, request, asked)
    if query.outgoing_request_urls:
        return _outgoing(asked)
    if query.machine_access_data:
        return wrapped([])
    groups = asked.services.agents.groups(asked.organization, query.agent_group_name)
    if query.machine_setup_input:
        return wrapped([write_machine_input(group, asked.links, request.state.version) for group in groups])
    return wrapped([write_group(group, asked.shows_identities) for group in groups])


@router.get("/{group_id}")
def get_agent_group(
    group_id: str, query: Annotated[AgentGroupQuery, Query()], request: Request, asked: Asked
) -> dict[str, Any]:
    """The group; or what the three switches ask for. Agents have no storage of their own, so there is no access data."""
    group = asked.services.agents.group(asked.organization, group_id)
    if query.outgoing_request_urls:
        return _outgoing(asked)
    if query.machine_access_data:
        return wrapped([])
    if query.machine_setup_input:
        return write_machine_input(group, asked.links, request.state.version)
    return write_group(group, asked.shows_identities)


@router.get("/{group_id}/agents")
def list_agents(group_id: str, query: Annotated[AgentQuery, Query()], asked: Asked) -> dict[str, Any]:
    group = asked.services.agents.group(asked.organization, group_id)
    members = asked.services.agents.members(group, asked.services.now())
    wanted = None if query.agent_name is None else query.agent_name.casefold()
    return wrapped([write_agent(agent) for agent in members if wanted is None or agent.name.casefold() == wanted])


@router.delete("/{group_id}/agents", response_model=str)
def delete_agent(group_id: str, query: Annotated[AgentQuery, Query()], asked: Asked) -> JSONResponse:
    """The answer is a JSON string, since the Go client reads nothing else."""
    group = asked.services.agents.group(asked.organization, group_id)
    if query.agent_name is None:
        raise invalid("agentName", "is missing; name the agent to be deleted.")
    asked.services.agents.forget(group, query.agent_name, asked.identity, asked.services.now())
    return JSONResponse(f"Successfully deleted the agent with name as {query.agent_name}")


def _outgoing(asked: Asked) -> dict[str, Any]:
    """What an agent must reach: first where files are, then where everything else is. Both are this service."""
    base = asked.links.base
    return {"count": 2, "value": [base, base]}
