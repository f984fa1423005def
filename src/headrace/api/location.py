"""How clients find the service (reference: clt-service, sections 1.2 and 1.3): the location services that the pipeline tasks
ask, and the discovery of the Python, Go and .NET clients. Everything leads back to this service.
"""

from typing import Any

from fastapi import APIRouter

from headrace.api.context import Asked
from headrace.api.failures import not_found
from headrace.api.runs import wrapped
from headrace.api.versions import LATEST

router = APIRouter(prefix="/_apis", tags=["location"])

_LOCATION_SERVICES = {
    "951917ac-a960-4999-8464-e3f0aa25b381": "SPS",
    "6c404d78-ef65-4e65-8b6a-df19d6361eae": "Cloud Load Test",
}
_AREA_ID = "7ae6d0a6-cda5-44cf-a261-28c392bed25c"
_AREAS = {"clt": "clt", "cloudloadtest": "clt", "location": "Location"}

# What this version serves, of the table in section 1.3: id, area, resource, template, version.
_RESOURCES = (
    ("29265ea4-b5a5-4b2e-b054-47f5f6f00183", "clt", "counterInstances", "_apis/{area}/testRuns/{testRunId}/{resource}", 1),
    ("bad18480-7193-4518-992a-37289c5bb92d", "clt", "counterSamples", "_apis/{area}/testRuns/{testRunId}/{resource}", 1),
    ("b52025a7-3fb4-4283-8825-7079e75bd402", "clt", "errors", "_apis/{area}/testRuns/{testRunId}/{resource}", 2),
    ("2e7ba122-f522-4205-845b-2d270e59850a", "clt", "messages", "_apis/{area}/testRuns/{testRunId}/{resource}", 1),
    ("5ed69bd8-4557-4cec-9b75-1ad67d0c257b", "clt", "results", "_apis/{area}/testRuns/{testRunId}/{resource}", 1),
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
)


@router.get("/servicedefinitions/locationservice2/{identifier}")
def get_location(identifier: str, asked: Asked) -> dict[str, Any]:
    """Without a slash at the end, because the tasks append one."""
    name = _LOCATION_SERVICES.get(identifier)
    if name is None:
        raise not_found("location service", identifier)
    return {
        "serviceType": "LocationService2",
        "identifier": identifier,
        "displayName": f"{name} Location Service",
        "relativeToSetting": "fullyQualified",
        "locationMappings": [{"accessMappingMoniker": "PublicAccessMapping", "location": asked.links.base}],
    }


@router.get("/resourceareas")
def list_areas(asked: Asked) -> dict[str, Any]:
    """A list without our area would send a Python client to Microsoft."""
    return wrapped([_area(asked.links.base)])


@router.get("/resourceareas/{area_id}")
def get_area(area_id: str, asked: Asked) -> dict[str, Any]:
    if area_id != _AREA_ID:
        raise not_found("resource area", area_id)
    return _area(asked.links.base)


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
