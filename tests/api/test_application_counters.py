import pytest

from tests.api.server import Server

PLUGIN = {
    "type": "ApplicationInsights",
    "isEnabled": False,
    "maxComponentsAllowedForCollection": 3,
    "maxCountersAllowed": 25,
    "actionUriLink": "",
    "autPortalLink": "",
}


def test_the_published_plugin_is_there_and_not_enabled(server: Server) -> None:
    assert server.get("/apm/plugins").json() == {"count": 1, "value": [PLUGIN]}
    assert server.get("/apm/Plugins/APPLICATIONINSIGHTS").json() == PLUGIN


@pytest.mark.parametrize(
    "path",
    [
        "/apm/applications",
        "/apm/applications?type=ApplicationInsights",
        "/apm/applications?pluginType=ApplicationInsights",
        "/apm/counters?applicationId=ApplicationInsights~shop&plugintype=ApplicationInsights",
    ],
)
def test_there_are_no_applications_and_no_counters(server: Server, path: str) -> None:
    assert server.get(path).json() == {"count": 0, "value": []}


def test_another_plugin_or_application_is_404(server: Server) -> None:
    for path, key in (
        ("/apm/plugins/NewRelic", "PluginNotFoundException"),
        ("/apm/applications/ApplicationInsights~shop", "ApplicationNotFoundException"),
    ):
        answer = server.get(path)
        assert (answer.status_code, answer.json()["typeKey"]) == (404, key)
