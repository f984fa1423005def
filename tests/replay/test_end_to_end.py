"""A load test of Visual Studio from its files to its summary, through the service: two scenarios, data, steps, thresholds
and scripts. What the results say is what the target saw."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from tests.replay.replaying import folder_of
from tests.serving import TOKEN, Served, headrace, read_json, serving
from tests.site import Site, serving_site

SHOP = Path(__file__).parent / "shop"


@dataclass
class Shop:
    """The site, the service, and the load test of the one against the other."""

    site: Site
    service: Served
    folder: Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder = copytree(SHOP, tmp_path / "Shop")
    with serving_site() as site, serving(tmp_path / "data", HEADRACE_SCRIPTS="as-service") as service:
        aim(folder, site)
        yield Shop(site, service, folder)


def test_a_load_test_runs_from_the_command_line_and_says_what_the_target_saw(shop: Shop) -> None:
    server = ("--server", f"{shop.service.base}/acme", "--token", TOKEN)
    done = headrace("run", "Shop.loadtest", *server, "--quiet", folder=shop.folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "A critical threshold was violated" in done.stderr
    (run,) = shop.service.call("GET", "testruns?top=1")
    check(shop, run["id"])


def test_a_load_test_runs_through_the_rest_api_and_says_what_the_target_saw(shop: Shop) -> None:
    plan, findings = read_visual_studio(folder_of(shop.folder), "Shop.loadtest", Choices(), TargetRule())
    assert plan is not None
    (doubt,) = [one for one in (*findings, *check_plan(plan)) if one.severity is not Severity.INFO]
    assert (doubt.severity, "'Users.csv': line 4 is not UTF-8" in doubt.message) == (Severity.WARNING, True)
    drop = shop.service.call("POST", "testdrops", {"dropType": "InPlaceDrop", "headracePlan": write_plan(plan)})
    definition = drop["loadTestDefinition"]
    assert (definition["runDuration"], definition["maxVusers"], definition["samplingRate"]) == (5, 5, 1)
    run = shop.service.call("POST", "testruns", {"name": "Shop.loadtest", "testDrop": {"id": drop["id"]}})
    shop.service.queue(run["id"])
    shop.service.wait_for(run["id"])
    check(shop, run["id"])


def test_a_load_test_runs_on_this_machine_with_its_scripts_where_that_is_allowed(tmp_path: Path) -> None:
    folder = copytree(SHOP, tmp_path / "Shop")
    with serving_site() as site:
        aim(folder, site)
        refused = headrace("run", "Shop.loadtest", folder=folder)
        assert (refused.returncode, site.seen.total()) == (2, 0)
        assert "--allow-scripts" in refused.stdout + refused.stderr
        done = headrace("run", "Shop.loadtest", "--allow-scripts", "--json", "out.json", folder=folder)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "A critical threshold was violated" in done.stderr
        assert "prepared for 4 lines" in done.stdout
        check_requests(site, read_json(folder / "out.json")["summary"])


def aim(folder: Path, site: Site) -> None:
    test = folder / "Shop.loadtest"
    test.write_bytes(test.read_bytes().replace(b"http://shop.test", site.url.encode()))


def check(shop: Shop, run_id: str) -> None:
    run = shop.service.run(run_id)
    messages = [message["message"] for message in shop.service.call("GET", f"testruns/{run_id}/messages")["value"]]
    assert (run["name"], run["state"]) == ("Shop.loadtest", "completed"), messages
    assert any("prepared for 4 lines" in message for message in messages), messages
    assert any("tidied" in message for message in messages), messages
    check_requests(shop.site, shop.service.call("GET", f"testruns/{run_id}/ResultSummary"))
    check_users(shop.service, run_id)
    check_errors(shop.site, shop.service.call("GET", f"testruns/{run_id}/errors?detailed=true"))


def check_requests(site: Site, summary: Any) -> None:
    seen = site.seen
    requests = summary["overallRequestSummary"]
    assert requests["totalRequests"] == seen.total() > 20
    assert requests["failedRequests"] == seen["/status/404"]
    assert requests["passedRequests"] == seen.total() - seen["/status/404"]
    # By name, without the query (reference: visual-studio-formats, 1.4), in both scenarios together.
    saw: Counter[str] = Counter()
    for path, count in seen.items():
        saw[site.url + path.partition("?")[0]] += count
    said: Counter[str] = Counter()
    for request in summary["topSlowRequests"]:  # the five slowest of six: Browse is in both scenarios
        assert request["totalRequests"] <= saw[request["requestUrl"]]
        said[request["requestUrl"]] += request["totalRequests"]
    assert said.total() >= seen.total() - max(saw.values())
    # All rows, in turn; "BOM and ANSI (cp1252) files possible" (3.3), sent as UTF-8 (1.2).
    rows = {path.partition("as=")[2]: count for path, count in seen.items() if "as=" in path}
    assert set(rows) == {"ann", "bob", "zo%c3%ab"}
    assert max(rows.values()) - min(rows.values()) <= 2  # "each agent has its own copy": one for each engine process
    assert summary["overallTestSummary"]["failedTests"] == seen["/status/404"]  # of each Order, and of nothing else
    assert summary["overallTransactionSummary"]["totalTransactions"] in range(seen["/slow/30"] - 5, seen["/slow/30"] + 1)
    assert summary["overallScenarioSummary"]["maxUserLoad"] == 5


def check_users(service: Served, run_id: str) -> None:
    """Step of 1 from 1 to 3 every second (5.2), beside 2 users all the time."""
    load = [sample["computedValue"] for sample in service.samples(run_id, "User Load")["User Load"]]
    assert load[-1] == 5
    assert load == sorted(load)
    assert set(load[1:]) <= {3, 4, 5}


def check_errors(site: Site, errors: Any) -> None:
    types = {kind["typeName"]: {sub["subTypeName"]: sub for sub in kind["subTypes"]} for kind in errors["types"]}
    # The rule at level High is above the run's Low: "Low -> only Low rules" (2), so ValidationRuleFindText is not judged.
    assert set(types) == {"HttpError", "ThresholdMessage"}
    assert types["HttpError"]["404 - NotFound"]["occurrences"] == site.seen["/status/404"]
    # Each interval, as the pipeline task reads it (7.3). Avg. Page Time stays below 1000 s, so nothing is said of it.
    thresholds = types["ThresholdMessage"]
    assert set(thresholds) == {"Warning", "Critical"}
    assert set(map(shape, thresholds["Warning"]["errorDetailList"])) == {
        '["M","LoadTest:Request","Requests/Sec","_Total"] : The value V exceeds the warning threshold value of 0.001.'
    }
    assert set(map(shape, thresholds["Critical"]["errorDetailList"])) == {
        '["M","LoadTest:Errors","Http Errors","_Total"] : The value V exceeds the critical threshold value of 0.5.'
    }
    assert 4 <= thresholds["Warning"]["occurrences"] <= 6  # one for each interval


def shape(detail: Any) -> str:
    """A message without the machine's name and the value."""
    text = re.sub(r'^\["[^"]+",', '["M",', detail["messageText"])
    return re.sub(r"The value [0-9.]+ ", "The value V ", text)
