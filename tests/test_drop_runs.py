"""Tests in uploaded files, from the upload to the summary, through the real service: as the old pipeline task does it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from azure.storage.blob import ContainerClient

from tests.azurite import serving_azurite
from tests.serving import Served, serving
from tests.site import Site, serving_site

# The load test is the author's: other case, a path of another machine.
LOAD_TEST = """\
<LoadTest Name="Shop" CurrentRunConfig="Run" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Scenarios>
    <Scenario Name="Customers" DelayBetweenIterations="0" TestMixType="PercentageOfTestsStarted">
      <ThinkProfile Value="0" Pattern="Off" />
      <LoadProfile Pattern="Constant" InitialUsers="3" />
      <TestMix><TestProfile Name="Buy" Path="..\\Web\\BUY.webtest" Percentage="100"
        Type="Microsoft.VisualStudio.TestTools.WebStress.DeclarativeWebTestElement, Some.Assembly" /></TestMix>
    </Scenario>
  </Scenarios>
  <RunConfigurations>
    <RunConfiguration Name="Run" RunDuration="2" SampleRate="1" />
  </RunConfigurations>
</LoadTest>
"""
WEB_TEST = """\
<WebTest Name="Buy" Id="1" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Items>
    <Request Method="GET" Url="SITE/slow/5" />
    <Request Method="GET" Url="SITE/{{Users.users#csv.path}}" />
  </Items>
  <DataSources>
    <DataSource Name="Users" Provider="Microsoft.VisualStudio.TestTools.DataSource.CSV"
        Connection="|DataDirectory|\\users.csv">
      <Tables><DataSourceTable Name="users#csv" SelectColumns="SelectOnlyBoundColumns" AccessMethod="Sequential" /></Tables>
    </DataSource>
  </DataSources>
</WebTest>
"""
USERS = "path\nada\ngrace\n"
PLAN = """\
name: Uploaded
duration: 2
sampling_interval: 1
data: [{name: users, file: data/users.csv}]
tests:
- name: Buy
  steps:
  - {step: row, source: users}
  - {step: request, url: 'SITE/slow/5'}
  - {step: request, url: 'SITE/{{path}}'}
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: constant, users: 2}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("drops") / "data", HEADRACE_SCRIPTS="as-service") as served:
        yield served


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


def shop(site: Site) -> dict[str, str]:
    return {"Shop.loadtest": LOAD_TEST, "Web/Buy.webtest": WEB_TEST.replace("SITE", site.url), "Web/users.csv": USERS}


def with_sdk(access: dict[str, str], files: dict[str, str]) -> None:
    with ContainerClient.from_container_url(access["dropContainerUrl"] + access["sasKey"]) as container:
        for name, text in files.items():
            container.upload_blob(name, text.encode())


def with_puts(access: dict[str, str], files: dict[str, str]) -> None:
    """As the C# sample does, with the name in lower case."""
    for name, text in files.items():
        url = f"{access['dropContainerUrl']}/{name.lower()}{access['sasKey']}&api-version=2018-03-28"
        answer = httpx2.put(
            url, content=text.encode(), headers={"x-ms-blob-type": "BlockBlob", "x-ms-version": "2018-03-28"}
        )
        assert answer.status_code == 201, answer.text


def uploaded(service: Served, files: dict[str, str], upload: Any = with_sdk) -> str:
    """The id of a new drop with these files. It is got once more before, as the tasks do."""
    created = service.call("POST", "testdrops", {"dropType": "TestServiceBlobDrop"})
    drop = service.call("GET", f"testdrops/{created['id']}")
    assert drop["dropType"] == "TestServiceBlobDrop"
    upload(drop["accessData"], files)
    return str(drop["id"])


def performed(service: Served, drop_id: str, name: str = "Shop.loadtest", **members: Any) -> dict[str, Any]:
    """A run of the drop that has come to its end."""
    run = service.call("POST", "testruns", {"name": name, "testDrop": {"id": drop_id}, **members})
    service.queue(run["id"])
    ended: dict[str, Any] = service.wait_for(run["id"])
    return ended


def texts(service: Served, run: dict[str, Any]) -> list[str]:
    return [message["message"] for message in service.call("GET", f"testruns/{run['id']}/messages")["value"]]


def assert_the_target_saw_it(service: Served, site: Site, run: dict[str, Any]) -> None:
    assert (run["state"], run["subState"]) == ("completed", "success"), run
    requests = service.call("GET", f"testruns/{run['id']}/ResultSummary")["overallRequestSummary"]
    assert requests["totalRequests"] == requests["passedRequests"] == site.seen.total() > 0
    assert set(site.seen) == {"/slow/5", "/ada", "/grace"}


@pytest.mark.parametrize("upload", [with_sdk, with_puts])
def test_an_uploaded_load_test_runs_with_its_web_tests_and_data(service: Served, site: Site, upload: Any) -> None:
    run = performed(service, uploaded(service, shop(site), upload))
    assert_the_target_saw_it(service, site, run)
    details = run["runSpecificDetails"]
    assert (details["virtualUserCount"], details["duration"], details["samplingInterval"]) == (3, 2, 1)


def test_an_uploaded_plan_runs_with_its_data(service: Served, site: Site) -> None:
    files = {"plan.yaml": PLAN.replace("SITE", site.url), "data/users.csv": USERS}
    run = performed(service, uploaded(service, files), "whatever")
    assert_the_target_saw_it(service, site, run)
    assert run["runSpecificDetails"]["virtualUserCount"] == 2
    assert "The drop has no file 'whatever'; its only test 'plan.yaml' is taken." in texts(service, run)


def test_a_run_may_have_another_duration_than_its_file(service: Served, site: Site) -> None:
    details = {"duration": 1, "virtualUserCount": 4}
    run = performed(service, uploaded(service, shop(site)), runSpecificDetails=details)
    assert run["state"] == "completed"
    told = run["runSpecificDetails"]
    assert (told["duration"], told["virtualUserCount"]) == (1, 4)
    samples = service.samples(run["id"], "User Load")["User Load"]
    assert [sample["computedValue"] for sample in samples] == [0, 4]


def test_scripts_are_files_of_the_drop_and_find_the_others_beside_them(service: Served, site: Site) -> None:
    files = {**shop(site), "Install.sh": "#!/bin/sh\ncat web/users.csv || cat Web/users.csv\n", "out.sh": "echo tidied\n"}
    settings = {"setupCommand": "install.SH", "cleanupCommand": "out.sh", "hostProcessPlatform": "x64"}
    run = performed(service, uploaded(service, files), testSettings=settings)
    assert (run["state"], run["subState"]) == ("completed", "success")
    told = texts(service, run)
    for line in ("path", "ada", "grace", "tidied"):
        assert line in told


def test_scripts_of_a_drop_do_not_run_where_they_are_off(tmp_path: Path, site: Site) -> None:
    with serving(tmp_path / "data") as service:
        files = {**shop(site), "in.sh": "true"}
        run = performed(service, uploaded(service, files), testSettings={"setupCommand": "in.sh"})
    assert run["state"] == "aborted"
    assert "its setting 'scripts' is off" in run["abortMessage"]["details"][0]
    assert site.seen.total() == 0


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, ["The test drop has no files. Upload the test to its dropContainerUrl before the run is queued."]),
        ({"a.dll": "", "b.txt": ""}, ["no file 'Shop.loadtest'", "there is 'a.dll', 'b.txt'. Upload the test"]),
        (
            {"One.loadtest": LOAD_TEST, "Two.loadtest": LOAD_TEST},
            ["several tests ('One.loadtest', 'Two.loadtest'). Name the run after one of them"],
        ),
        ({"Shop.loadtest": LOAD_TEST}, ["Path is '..\\\\Web\\\\BUY.webtest'", "put it into the folder"]),
        ({"Shop.loadtest": "<LoadTest"}, ["Shop.loadtest, line 1"]),
        (
            {"Shop.loadtest": LOAD_TEST, "buy.webtest": WEB_TEST.replace("SITE", "http://169.254.169.254")},
            ["users.csv", "169.254.169.254"],
        ),
        (
            {"plan.yaml": PLAN},
            ["file 'data/users.csv': it cannot be read: it is not among the files of the drop; upload it."],
        ),
    ],
)
def test_a_wrong_drop_aborts_the_run_with_all_that_is_wrong(service: Served, files: dict[str, str], said: list[str]) -> None:
    run = performed(service, uploaded(service, files))
    assert (run["state"], run["subState"], run["abortMessage"]["source"]) == ("aborted", "none", "Validation")
    details = "\n".join(run["abortMessage"]["details"])
    messages = "\n".join(texts(service, run))
    for text in said:
        text = text.replace("\\\\", "\\")
        assert text in details
        assert text in messages


def test_a_test_in_an_azure_storage_account_runs_too(tmp_path: Path, site: Site) -> None:
    with serving_azurite(tmp_path) as account, serving(tmp_path / "data", HEADRACE_BLOBS=account) as service:
        run = performed(service, uploaded(service, {**shop(site), "a:b": ""}))
        assert_the_target_saw_it(service, site, run)
        told = texts(service, run)
    assert any("The file 'a:b' of the drop is left out: it has a colon" in text for text in told)
