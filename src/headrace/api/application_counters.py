"""Counters of the application under test (reference: clt-service, section 2.11).

This version collects none, and says so: the one published plugin is there and not enabled, with no applications.
"""

from typing import Any

from fastapi import APIRouter

from headrace.api.failures import not_found
from headrace.api.runs import wrapped

router = APIRouter(prefix="/_apis/clt/apm", tags=["application counters"])

_PLUGIN = {
    "type": "ApplicationInsights",
    "isEnabled": False,
    "maxComponentsAllowedForCollection": 3,
    "maxCountersAllowed": 25,
    "actionUriLink": "",
    "autPortalLink": "",
}


@router.get("/plugins")
def list_plugins() -> dict[str, Any]:
    return wrapped([_PLUGIN])


@router.get("/plugins/{plugin_type}")
def get_plugin(plugin_type: str) -> dict[str, Any]:
    if plugin_type != "applicationinsights":
        raise not_found("plugin", plugin_type)
    return _PLUGIN


@router.get("/applications")
def list_applications() -> dict[str, Any]:
    return wrapped([])


@router.get("/applications/{application_id}")
def get_application(application_id: str) -> dict[str, Any]:
    raise not_found("application", application_id)


@router.get("/counters")
def list_application_counters() -> dict[str, Any]:
    return wrapped([])
