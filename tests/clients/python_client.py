"""Everything that one of the old Python clients can do, in one session with a service: each public method at least once.

Runs in the environment that scripts/install-old-clients makes, for these packages need others that nobody else should have.
What it is to do comes as JSON on its input (see `Asked` in test_python_clients.py); it prints the methods that it called.
"""

import importlib
import json
import sys
import time
from typing import Any

from msrest.authentication import BasicAuthentication

_AZURE = ("azure.devops._models", "azure.devops.connection.Connection", "azure.devops.exceptions.AzureDevOpsServiceError")
# The package of the client, and what all clients of its distribution share: models, connection, error.
CLIENTS = {
    "azure-devops 5.1": ("azure.devops.v5_1.cloud_load_test", *_AZURE),
    "azure-devops 5.0": ("azure.devops.v5_0.cloud_load_test", *_AZURE),
    "vsts 4.1": (
        "vsts.cloud_load_test.v4_1",
        "vsts.models",
        "vsts.vss_connection.VssConnection",
        "vsts.exceptions.VstsServiceError",
    ),
}
PATIENCE = 60.0


def find(dotted: str) -> Any:
    """What has this dotted name."""
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


class Noting:
    """The client, and the methods of it that were called and returned."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            answer = method(*arguments, **named)
            self.called.add(name)
            return answer

        return call


def connect(asked: dict[str, Any]) -> tuple[Any, Any]:
    """The client and its models, through a connection that discovers the service or by itself."""
    package, _, connection, _ = CLIENTS[asked["client"]]
    name = f"{package}.cloud_load_test_client.CloudLoadTestClient"
    credentials = BasicAuthentication("", asked["token"])
    models = importlib.import_module(f"{package}.models")
    if asked["way"] == "connection":
        return find(connection)(base_url=asked["base"], creds=credentials).get_client(name), models
    return find(name)(base_url=asked["base"], creds=credentials), models


def make_definition(client: Any, models: Any) -> None:
    """The model of its details has no members, so this client can keep nothing that could be run."""
    made = client.create_test_definition(
        models.TestDefinition(
            name="kept",
            load_test_type="visualStudioLoadTest",
            run_settings=models.LoadTestRunSettings(duration=60, sampling_interval=15),
            load_generation_geo_locations=[models.LoadGenerationGeoLocation(location="East US", percentage=100)],
        )
    )
    assert made.run_settings.duration == 60
    made.name = "renamed"
    made.created_by = made.last_modified_by = None
    assert client.update_test_definition(made).id == made.id
    again = client.get_test_definition(made.id)
    assert (again.name, again.load_test_type) == ("renamed", "visualStudioLoadTest")
    assert again.load_generation_geo_locations[0].location == "East US"
    assert [each.name for each in client.get_test_definitions(from_date="2020-01-01", top=1000) if each.id == made.id] == [
        "renamed"
    ]


def make_drop(client: Any, models: Any, asked: dict[str, Any]) -> str:
    """An in-place drop of one URL."""
    definition = models.LoadTestDefinition(
        load_test_name="old.loadtest",
        urls=[asked["target"]],
        max_vusers=2,
        run_duration=1,
        sampling_rate=1,
        browser_mixs=[models.BrowserMix(browser_name="Chrome 2", browser_percentage=100)],
        load_pattern_name="Constant",
    )
    drop = client.create_test_drop(models.TestDrop(drop_type="InPlaceDrop", load_test_definition=definition))
    again = client.get_test_drop(drop.id)
    assert (again.drop_type, again.load_test_definition.max_vusers) == ("InPlaceDrop", 2)
    assert again.load_test_definition.browser_mixs[0].browser_name == "Chrome 2"
    return str(drop.id)


def run_test(client: Any, models: Any, drop_id: str) -> str:
    """Runs the drop to its end, as the client's own samples did: by asking again and again."""
    run = client.create_test_run(models.TestRun(name="old.loadtest", test_drop=models.TestDropRef(id=drop_id)))
    assert (run.state, run.sub_state, run.run_specific_details.virtual_user_count) == ("pending", "none", 2)
    assert run.created_date.tzinfo is not None
    client.update_test_run(models.TestRun(state="queued"), run.id)
    end = time.monotonic() + PATIENCE
    while client.get_test_run(run.id).state not in ("completed", "aborted", "error"):
        assert time.monotonic() < end, "the run did not end"
        time.sleep(0.1)
    done = client.get_test_run(run.id)
    assert (done.state, done.sub_state, done.chargeable) == ("completed", "success", True)
    assert done.created_date < done.queued_date < done.execution_started_date < done.finished_date
    listed = client.get_test_runs(name="OLD.loadtest", run_type="*", status="completed", detailed=True, top=1000)
    assert run.id in [each["id"] for each in listed]
    return str(run.id)


def read_results(client: Any, shared: Any, run_id: str) -> None:
    results = client.get_load_test_result(run_id)
    assert {group.group_name for group in results.counter_groups} >= {"Performance", "Throughput", "Application"}
    assert ".zip?" in results.results_url
    counters = client.get_counters(run_id, "Performance,Throughput", include_summary=True)
    users = next(counter for counter in counters if counter.counter_name == "User Load")
    assert (users.is_preselected_counter, users.summary_data.max) == (True, 2)
    details = [{"counterInstanceId": users.counter_instance_id, "fromInterval": 0, "toInterval": -1}]
    samples = client.get_counter_samples(shared.VssJsonCollectionWrapper(count=1, value=details), run_id)
    assert samples.values[0].values[-1].computed_value == 2
    assert samples.total_samples_count == len(samples.values[0].values) > 1
    errors = client.get_load_test_run_errors(run_id, type="HttpError", detailed=True)
    (kind,) = errors.types  # of which the clients have no model
    assert (kind["typeName"], kind["subTypes"][0]["subTypeName"]) == ("HttpError", "404 - NotFound")
    assert kind["subTypes"][0]["errorDetailList"][0]["occurrences"] == errors.occurrences > 0


def manage_agents(client: Any, models: Any, offline: str) -> None:
    group = client.create_agent_group(models.AgentGroup(group_name="ours"))
    assert client.get_agent_groups(group.group_id)["groupName"] == "ours"
    assert client.get_static_agents(group.group_id)["value"] == []
    default = client.get_agent_groups(agent_group_name="default")["value"][0]["groupId"]
    agents = {agent["name"]: agent["state"] for agent in client.get_static_agents(default)["value"]}
    assert agents[offline] == "Offline"
    assert "Free" in agents.values()
    told = client.delete_static_agent(default, offline)
    assert told == f"Successfully deleted the agent with name as {offline}", told
    assert client.get_static_agents(default, agent_name=offline)["count"] == 0


def ask_for_application_counters(client: Noting, error: str) -> None:
    """The service collects none; the one error on the way is read by the client as it reads those of the old service."""
    assert [plugin.is_enabled for plugin in client.get_plugins()] == [False]
    assert client.get_plugin("applicationinsights").max_counters_allowed == 25
    assert client.get_applications(type="ApplicationInsights") == []
    assert client.get_application_counters(application_id="ApplicationInsights~shop") == []
    try:
        client.client.get_application("ApplicationInsights~shop")
    except find(error) as refusal:
        told = refusal.message
    assert told == "There is no application 'applicationinsights~shop' here."
    client.called.add("get_application")


def main() -> None:
    asked = json.load(sys.stdin)
    client, models = connect(asked)
    methods = {name for name in vars(type(client)) if not name.startswith("_") and callable(getattr(client, name))}
    shared = importlib.import_module(CLIENTS[asked["client"]][1])
    noting = Noting(client)
    make_definition(noting, models)
    # vsts 0.1.25 fails by itself on whatever a service answers here: it looks for models under names that they do not have
    broken = {"create_test_drop", "get_test_drop", "get_test_run_messages"} if asked["client"].startswith("vsts") else set()
    run_id = run_test(noting, models, asked["drop"] if broken else make_drop(noting, models, asked))
    if not broken:
        messages = noting.get_test_run_messages(run_id)
        assert any(message.message.startswith("This run was requested by") for message in messages)
    read_results(noting, shared, run_id)
    manage_agents(noting, models, asked["offline_agent"])
    ask_for_application_counters(noting, CLIENTS[asked["client"]][3])
    assert methods - broken == noting.called, methods ^ noting.called
    json.dump(sorted(noting.called), sys.stdout)


main()
