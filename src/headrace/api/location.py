"""How clients find the service (reference: clt-service, sections 1.2, 1.3 and 2.11): the location services that the pipeline
tasks ask, the discovery of the Python, Go and .NET clients, and what there is. Everything leads back to this service.
"""

from typing import Any

from fastapi import APIRouter

from headrace.api.context import Asked, Links
from headrace.api.failures import not_found
from headrace.api.runs import wrapped
from headrace.api.versions import LATEST
from headrace.api.wire.agents import write_machine
from headrace.blobs.drop_files import tenant_of
from headrace.runs.limits import LOCATIONS

router = APIRouter(prefix="/_apis", tags=["location"])

_CLT_SERVICE = "6c404d78-ef65-4e65-8b6a-df19d6361eae"
_LOCATION_SERVICES = {"951917ac-a960-4999-8464-e3f0aa25b381": "SPS", _CLT_SERVICE: "Cloud Load Test"}
_MONIKER = "PublicAccessMapping"
_AREA_ID = "7ae6d0a6-cda5-44cf-a261-28c392bed25c"
_AREAS = {"clt": "clt", "cloudloadtest": "clt", "location": "Location"}

# The table of section 1.3: id, area, resource, template, version. No ids are known for ResultSummary and configuration.
_ONE_OF_RUN = "_apis/{area}/testRuns/{testRunId}/{resource}"
_RESOURCES = (
    ("ab8d91c1-12d9-4ec5-874d-1ddb23e17720", "clt", "agentGroups", "_apis/{area}/{resource}/{agentGroupId}", 1),
    ("87e4b63d-7142-4b50-801e-72ba9ff8ee9b", "clt", "agents", "_apis/{area}/agentGroups/{agentGroupId}/{resource}", 1),
    ("2c986dce-8e8d-4142-b541-d016d5aff764", "clt", "applications", "_apis/{area}/apm/{resource}/{applicationId}", 1),
    ("c1275ce9-6d26-4bc6-926b-b846502e812d", "clt", "counters", "_apis/{area}/apm/{resource}", 1),
    ("7dcb0bb2-42d5-4729-9958-c0401d5e7693", "clt", "plugins", "_apis/{area}/apm/{resource}/{type}", 1),
    ("29265ea4-b5a5-4b2e-b054-47f5f6f00183", "clt", "counterInstances", _ONE_OF_RUN, 1),
    ("bad18480-7193-4518-992a-37289c5bb92d", "clt", "counterSamples", _ONE_OF_RUN, 1),
    ("b52025a7-3fb4-4283-8825-7079e75bd402", "clt", "errors", _ONE_OF_RUN, 2),
    ("2e7ba122-f522-4205-845b-2d270e59850a", "clt", "messages", _ONE_OF_RUN, 1),
    ("5ed69bd8-4557-4cec-9b75-1ad67d0c257b", "clt", "results", _ONE_OF_RUN, 1),
    ("a8f9b135-f604-41ea-9d74-d9a5fd32fcd8", "clt", "testDefinitions", "_apis/{area}/{resource}/{testDefinitionId}", 1),
    ("d89d0e08-505c-4357-96f6-9729311ce8ad", "clt", "testDrops", "_apis/{area}/{resource}/{testDropId}", 1),
    ("b41a84ff-ff03-4ac1-b76e-e7ea25c92aba", "clt", "testRuns", "_apis/{area}/{resource}/{testRunId}", 1),
    ("e81700f7-3be2-46de-8624-2eb35882fcaa", "Location", "ResourceAreas", "_apis/{resource}/{areaId}", 1),
    (
        "d810a47d-f4f4-4a62-a03f-fa1860585c4c",
        "Location",
        "ServiceDefinitions",
        "_apis/{resource}/{serviceType}/{identifier}",
        1,
    ),
    ("00d9565f-ed9c-4a06-9a50-00e7896ccab4", "Location", "ConnectionData", "_apis/{resource}", 1),
)


@router.get("/servicedefinitions")
def list_locations(asked: Asked) -> dict[str, Any]:
    return wrapped([_location(identifier, asked.links) for identifier in _LOCATION_SERVICES])


@router.get("/servicedefinitions/locationservice2")
def list_location_services(asked: Asked) -> dict[str, Any]:
    """There are no services of another type."""
    return list_locations(asked)


@router.get("/servicedefinitions/locationservice2/{identifier}")
def get_location(identifier: str, asked: Asked) -> dict[str, Any]:
    if identifier not in _LOCATION_SERVICES:
        raise not_found("location service", identifier)
    return _location(identifier, asked.links)


@router.get("/resourceareas")
def list_areas(asked: Asked) -> dict[str, Any]:
    """A list without our area would send a Python client to Microsoft."""
    return wrapped([_area(asked.links.base)])


@router.get("/resourceareas/{area_id}")
def get_area(area_id: str, asked: Asked) -> dict[str, Any]:
    if area_id != _AREA_ID:
        raise not_found("resource area", area_id)
    return _area(asked.links.base)


@router.get("/connectiondata")
def get_connection_data(asked: Asked) -> dict[str, Any]:
    """Who is signed in, and where to."""
    user = {
        "id": asked.identity.id,
        "descriptor": f"Headrace.Token;{asked.identity.id}",
        "providerDisplayName": asked.identity.name,
        "isActive": True,
        "properties": {},
        "resourceVersion": 2,
        "metaTypeId": 0,
    }
    tenant = tenant_of(asked.organization)
    return {
        "authenticatedUser": user,
        "authorizedUser": user,
        "instanceId": tenant,
        "deploymentId": tenant,
        "deploymentType": "onPremises",
        "locationServiceData": {
            "serviceOwner": _CLT_SERVICE,
            "defaultAccessMappingMoniker": _MONIKER,
            "accessMappings": [
                {"moniker": _MONIKER, "displayName": "Public Access Mapping", "accessPoint": asked.links.base}
            ],
            "serviceDefinitions": [_location(identifier, asked.links) for identifier in _LOCATION_SERVICES],
        },
    }


@router.get("/clt/configuration")
def get_configuration(asked: Asked) -> dict[str, Any]:
    """TenantDetails: the labels of places that a test may name, and the machines that generate load."""
    agents, now = asked.services.agents, asked.services.now()
    members = [agent for group in agents.groups(asked.organization) for agent in agents.members(group, now)]
    return {
        "id": tenant_of(asked.organization),
        "validGeoLocations": LOCATIONS,
        "staticMachines": [write_machine(agent) for agent in members],
        "accessDetails": [],
    }


@router.options("")
def list_resources() -> dict[str, Any]:
    """Needs no token."""
    return wrapped([_resource(*resource) for resource in _RESOURCES])


@router.options("/{area}")
def list_resources_of_area(area: str) -> dict[str, Any]:
    """Needs no token."""
    known = _AREAS.get(area)
    if known is None:
        raise not_found("area", area)
    return wrapped([_resource(*resource) for resource in _RESOURCES if resource[1] == known])


def _location(identifier: str, links: Links) -> dict[str, Any]:
    """Without a slash at the end, because the tasks append one."""
    return {
        "serviceType": "LocationService2",
        "identifier": identifier,
        "displayName": f"{_LOCATION_SERVICES[identifier]} Location Service",
        "relativeToSetting": "fullyQualified",
        "locationMappings": [{"accessMappingMoniker": _MONIKER, "location": links.base}],
    }


def _area(base: str) -> dict[str, Any]:
    return {"id": _AREA_ID, "name": "clt", "locationUrl": f"{base}/"}


def _resource(resource_id: str, area: str, name: str, template: str, version: int) -> dict[str, Any]:
    """The versions are strings because Go reads nothing else; released equals latest so that nobody appends `-preview`."""
    return {
        "id": resource_id,
        "area": area,
        "resourceName": name,
        "routeTemplate": template,
        "resourceVersion": version,
        "minVersion": "1.0",
        "maxVersion": LATEST,
        "releasedVersion": LATEST,
    }
