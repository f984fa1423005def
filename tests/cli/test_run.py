"""`headrace run`, as a user runs it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import HEADRACE, TOKEN, Served, eventually, headrace, read_json, serving
from tests.site import Site, serving_site


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "data") as served:
        yield served


def test_it_reports_what_the_site_saw_on_the_screen_and_as_json(site: Site, tmp_path: Path) -> None:
    done = headrace(
        *("run", f"{site.url}/", f"{site.url}/status/500", "--users", "3", "--duration", "2s", "--think", "100ms"),
        *("--json", "out.json"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    out = read_json(tmp_path / "out.json")
    assert set(out) == {"run", "summary"}
    assert (out["run"]["state"], out["run"]["runSpecificDetails"]["virtualUserCount"]) == ("completed", 3)
    requests = out["summary"]["overallRequestSummary"]
    assert requests["totalRequests"] == site.seen.total() > 0
    assert requests["failedRequests"] == site.seen["/status/500"]
    assert f"{site.url}/status/500" in done.stdout
    assert "500 - InternalServerError" in done.stdout
    assert f"{requests['totalRequests']:,}" in done.stdout


def test_quiet_prints_nothing(site: Site, tmp_path: Path) -> None:
    done = headrace("run", site.url, "--users", "1", "--duration", "1s", "--quiet", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_run_that_does_not_meet_its_criteria_ends_with_1_and_says_why(site: Site, tmp_path: Path) -> None:
    slow = headrace(
        *("run", f"{site.url}/slow/30", "--users", "1", "--duration", "1s", "--max-p95", "10ms", "--quiet"), folder=tmp_path
    )
    assert (slow.returncode, "more than 10.0 ms" in slow.stderr) == (1, True)
    failing = headrace(
        *("run", f"{site.url}/status/500", site.url, "--users", "1", "--duration", "1s", "--max-failed", "1%", "--quiet"),
        folder=tmp_path,
    )
    assert (failing.returncode, "more than 1.00%" in failing.stderr) == (1, True)


def test_a_site_that_does_not_answer_at_all_fails_the_run(tmp_path: Path) -> None:
    done = headrace("run", "http://127.0.0.1:9/", "--users", "1", "--duration", "1s", folder=tmp_path)
    assert done.returncode == 1
    assert "actively refused it" in done.stdout
    assert "No request passed." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://example.com"], "loadTestDefinition.urls[0]: 'ftp://example.com' is neither"),
        (["http://127.0.0.1/", "--users", "0"], "--users"),
        (["http://127.0.0.1/", "--users", "1000000000"], "give 1 to 20000"),
        (["http://127.0.0.1/", "--duration", "soon"], "'soon' is no duration"),
        (["http://127.0.0.1/", "--duration", "500ms"], "whole seconds"),
        (["http://127.0.0.1/", "--max-failed", "2"], "'2' is no share"),
        (["http://127.0.0.1/", "--json", "missing/out.json"], "does not exist"),
        (["http://127.0.0.1/", "--server", "http://127.0.0.1:1"], "needs --token"),
        (["http://127.0.0.1/", "--json", "."], "is a folder"),
        (["http://127.0.0.1/", "--server", "host:8080", "--token", "t"], "write it like http://host:8080/acme"),
        ([], "URL"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_what_is_wrong(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = headrace("run", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"HEADRACE_MAX_USERS": "many"}, "max_users"), ({"HEADRACE_TARGETS_DENY": '["10.0.0.0/99"]'}, "10.0.0.0/99")],
)
def test_a_wrong_setting_ends_with_2_and_names_it(variables: dict[str, str], said: str, tmp_path: Path) -> None:
    done = headrace("run", "http://127.0.0.1/", folder=tmp_path, **variables)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_denied_target_cannot_be_run(tmp_path: Path) -> None:
    done = headrace("run", "http://169.254.169.254/latest", "--duration", "1s", folder=tmp_path)
    assert done.returncode == 3
    assert "169.254.0.0/16" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_load_and_still_reports(number: signal.Signals, site: Site, tmp_path: Path) -> None:
    command = [*HEADRACE, "run", f"{site.url}/slow/10", "--users", "2", "--duration", "60s", "--json", "out.json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True)
    eventually(lambda: site.seen.total() > 5)
    os.killpg(process.pid, number)  # as a terminal does: to all processes of the group
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 130
    out = read_json(tmp_path / "out.json")
    assert out["run"]["state"] == "aborted"
    assert out["summary"]["overallRequestSummary"]["totalRequests"] == site.seen.total()
    assert "aborted" in output


def test_with_a_server_it_is_a_client_of_its_api(service: Served, site: Site, tmp_path: Path) -> None:
    done = headrace(
        *("run", site.url, "--users", "1", "--duration", "1s", "--warmup", "1s", "--json", "out.json"),
        *("--server", f"{service.base}/acme"),
        folder=tmp_path,
        HEADRACE_TOKEN=TOKEN,
    )
    assert done.returncode == 0, done.stderr
    run = read_json(tmp_path / "out.json")["run"]
    assert service.run(run["id"])["state"] == "completed"
    assert "warmUpStartedDate" in run
    assert run["webResultUrl"] in done.stdout


def test_a_server_that_cannot_be_used_ends_with_3(service: Served, tmp_path: Path) -> None:
    nobody = headrace("run", "http://127.0.0.1/", "--server", "http://127.0.0.1:9", "--token", "t", folder=tmp_path)
    assert (nobody.returncode, "cannot be reached" in nobody.stderr) == (3, True)
    stranger = headrace("run", "http://127.0.0.1/", "--server", service.base, "--token", "wrong", folder=tmp_path)
    assert (stranger.returncode, "does not know this token" in stranger.stderr) == (3, True)


def test_what_is_no_headrace_is_told(site: Site, tmp_path: Path) -> None:
    done = headrace("run", site.url, "--server", site.url, "--token", "t", folder=tmp_path)
    assert (done.returncode, "its answer is no JSON" in done.stderr) == (3, True)


def test_a_device_is_written_to_and_not_replaced(site: Site, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    done = headrace("run", site.url, "--users", "1", "--duration", "1s", "--quiet", "--json", "pipe", folder=tmp_path)
    output, _ = reader.communicate(timeout=10)
    assert done.returncode == 0
    assert json.loads(output)["run"]["state"] == "completed"
    assert (tmp_path / "pipe").is_fifo()
