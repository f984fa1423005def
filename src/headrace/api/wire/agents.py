"""Agent groups and agents as the wire spells them (reference: clt-service, section 2.11)."""

from headrace.api.context import Links
from headrace.api.wire.dates import write_date
from headrace.api.wire.enums import AGENT_STATE, MACHINES, RUN_KIND, Machines
from headrace.api.wire.runs import NOBODY, Json, present, write_identity
from headrace.blobs.drop_files import tenant_of
from headrace.runs.agents import AgentGroup, LiveAgent
from headrace.runs.model import RunKind

# Up to 5.0 the name of this member was spelt as a machine had made it of "VSTS".
_OLD_NAME, _NAME = "vSTSAccountUri", "vstsAccountUri"


def write_group(group: AgentGroup, identities: bool = True) -> Json:
    """AgentGroup; `identities` says whether it tells who made it."""
    by = NOBODY if group.created_by is None else write_identity(group.created_by)
    return {
        **present(
            {
                "createdBy": by if identities else None,
                "creationTime": None if group.created_at is None else write_date(group.created_at),
            }
        ),
        "tenantId": tenant_of(group.organization),
        "groupName": group.name,
        "groupId": group.id,
        "machineConfiguration": None,
        "machineAccessData": None,
    }


def write_agent(agent: LiveAgent) -> Json:
    """StaticAgent."""
    return {
        "name": agent.name,
        "agentGroupName": agent.group.name,
        "agentGroupId": agent.group.id,
        "lastHeartBeat": write_date(agent.last_heart_beat),
        "state": AGENT_STATE.write(agent.state),
    }


def write_machine(agent: LiveAgent) -> Json:
    """WebApiTestMachine, in which the configuration lists the same agents."""
    return {
        "machineName": agent.name,
        "status": AGENT_STATE.write(agent.state),
        "lastHeartBeat": write_date(agent.last_heart_beat),
    }


def write_machine_input(group: AgentGroup, links: Links, version: str) -> Json:
    """WebApiUserLoadTestMachineInput: what an agent's installer was told. There is nothing to be set up here."""
    return {
        "machineGroupId": group.id,
        "machineType": MACHINES.write(Machines.OWN),
        "setupConfiguration": {"configurations": {}},
        "supportedRunTypes": [RUN_KIND.write(RunKind.VISUAL_STUDIO)],
        "agentGroupName": group.name,
        "tenantId": tenant_of(group.organization),
        "userLoadAgentResourcesUri": None,
        (_OLD_NAME if _is_before_5_1(version) else _NAME): links.base,
    }


def _is_before_5_1(version: str) -> bool:
    major, _, minor = version.partition("-")[0].partition(".")
    return (int(major), int(minor)) < (5, 1)
