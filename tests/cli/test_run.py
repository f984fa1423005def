"""`headrace run`, as a user runs it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import uvicorn

from headrace.demo.site import create_site
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
        (["http://127.0.0.1/", "--fail-on-verdict", "bad"], "write suspect or invalid"),
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


def test_a_link_is_written_through_as_dev_stdout_is_one(site: Site, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("out.json")
    for _ in range(2):  # a file that is not there yet, and one that is
        done = headrace("run", site.url, "--users", "1", "--duration", "1s", "--quiet", "--json", "link", folder=tmp_path)
        assert done.returncode == 0
        assert (tmp_path / "link").is_symlink()
        assert read_json(tmp_path / "out.json")["run"]["state"] == "completed"


def test_a_reader_that_goes_away_is_not_taken_for_a_failed_criterion(site: Site, tmp_path: Path) -> None:
    command = [*HEADRACE, "run", site.url, "--users", "1", "--duration", "60s"]
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as output:
        done = subprocess.run(command, cwd=tmp_path, stdout=output, timeout=50, check=False)
    assert done.returncode == 3


PLAN = """\
name: Shop
duration: 1s
variables: {site: '%s'}
tests:
- name: Buy
  steps:
  - {step: row, source: users}
  - {step: request, name: Page of a user, url: '{{site}}/page/{{name}}', validate: [{check: text, text: ok}]}
  - {step: think, time: 20ms}
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: constant, users: 2}
data:
- {name: users, file: users.csv}
"""


@pytest.fixture
def plan(site: Site, tmp_path: Path) -> Path:
    (tmp_path / "users.csv").write_text("name\nann\nbob\n")
    (tmp_path / "plan.yaml").write_text(PLAN % site.url)
    return tmp_path / "plan.yaml"


def test_a_plan_is_run_as_it_says_and_reported_under_its_names(plan: Path, site: Site) -> None:
    done = headrace("run", "plan.yaml", "--json", "out.json", folder=plan.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    out = read_json(plan.parent / "out.json")
    details = out["run"]["runSpecificDetails"]
    assert (details["virtualUserCount"], details["duration"], out["run"]["name"]) == (2, 1, "Shop")
    assert set(site.seen) == {"/page/ann", "/page/bob"}
    requests = out["summary"]["overallRequestSummary"]
    assert (requests["totalRequests"], requests["failedRequests"]) == (site.seen.total(), 0)
    assert "Page of a user" in done.stdout


def test_what_a_service_takes_from_strangers_does_not_bound_ones_own_plan(plan: Path) -> None:
    (plan.parent / "users.csv").write_text("name\n" + "a-name-of-some-length\n" * 1000)
    done = headrace("run", "plan.yaml", "--quiet", folder=plan.parent, HEADRACE_MAX_PLAN="2048", HEADRACE_MAX_BODY="2048")
    assert done.returncode == 0, done.stderr


def test_a_validation_that_does_not_hold_fails_the_request_and_the_gate(plan: Path) -> None:
    plan.write_text(plan.read_text().replace("text: ok", "text: welcome"))
    done = headrace("run", "plan.yaml", "--max-failed", "1%", folder=plan.parent)
    assert done.returncode == 1
    assert "No request passed." in done.stderr


def test_options_go_before_the_plan(plan: Path) -> None:
    arguments = ("run", "plan.yaml", "--users", "1", "--duration", "2s", "--warmup", "1s", "--quiet", "--json", "out.json")
    done = headrace(*arguments, folder=plan.parent)
    assert done.returncode == 0, done.stderr
    run = read_json(plan.parent / "out.json")["run"]
    assert (run["runSpecificDetails"]["virtualUserCount"], run["runSpecificDetails"]["duration"]) == (1, 2)
    assert "warmUpStartedDate" in run


def test_a_plan_is_run_on_a_service_elsewhere_with_its_data(plan: Path, site: Site, service: Served) -> None:
    done = headrace(
        "run",
        "plan.yaml",
        "--json",
        "out.json",
        "--server",
        f"{service.base}/acme",
        folder=plan.parent,
        HEADRACE_TOKEN=TOKEN,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = read_json(plan.parent / "out.json")["run"]
    assert service.run(run["id"])["state"] == "completed"
    assert set(site.seen) == {"/page/ann", "/page/bob"}


def test_warnings_of_a_plan_are_messages_of_its_run(plan: Path) -> None:
    plan.write_text(plan.read_text().replace("{{name}}'", "{{nome}}'"))
    done = headrace("run", "plan.yaml", folder=plan.parent)
    assert "nothing gives the variable 'nome' a value" in done.stdout


def with_scripts(plan: Path) -> None:
    (plan.parent / "prepare.sh").write_text("echo ready; touch ran; cp ran $1")
    text = plan.read_text() + f"setup: {{command: 'prepare.sh {plan.parent}'}}\n"
    plan.write_text(text + "files: [{name: prepare.sh, file: prepare.sh}]\n")


def test_a_plan_with_scripts_is_not_run_without_leave(plan: Path, site: Site) -> None:
    with_scripts(plan)
    done = headrace("run", "plan.yaml", folder=plan.parent, HEADRACE_SCRIPTS="as-service")
    assert done.returncode == 2
    assert "'plan.yaml' has a setup or cleanup script" in done.stderr
    assert "--allow-scripts" in done.stderr
    assert not (plan.parent / "ran").exists()
    assert site.seen.total() == 0


def test_with_leave_its_scripts_run_and_what_they_wrote_is_reported(plan: Path, site: Site) -> None:
    with_scripts(plan)
    done = headrace("run", "plan.yaml", "--allow-scripts", folder=plan.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "setup script: ready" in done.stdout
    assert (plan.parent / "ran").exists()
    assert site.seen.total() > 0


def test_the_leave_is_for_this_machine_only(plan: Path) -> None:
    done = headrace("run", "plan.yaml", "--allow-scripts", "--server", "http://x", "--token", "t", folder=plan.parent)
    assert (done.returncode, "--allow-scripts is for this machine" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan.yaml", "http://127.0.0.1/"], "A plan is run alone"),
        (["http://127.0.0.1/", "plan.yaml"], "A plan is run alone"),
        (["plan.yaml", "--think", "1s"], "has think times of its own"),
        (["plan.yaml", "--users", "1000000"], "give 1 to 20000"),
        (["ramp.yaml", "--users", "3"], "--users 3: the load of the plan's scenario has the shape 'stages'"),
        (["missing.yaml"], "'missing.yaml' cannot be read: No such file or directory."),
        (["test.jmx"], "is a JMeter test plan, which this version does not read yet"),
        (["wrong.yaml"], "wrong.yaml, line 2: duration is 'soon'"),
        (["wrong.yaml"], "'wrong.yaml' cannot be run, see above."),
        (["denied.yaml"], "must not be tested"),
        (["."], "is no test by its name"),
        (["plan.yaml", "--param", "a=b"], "--param is for a .loadtest or a .webtest, and 'plan.yaml' is none"),
        (["http://127.0.0.1/", "--ignore-plugins"], "--ignore-plugins is for a .loadtest or a .webtest"),
        (["a.webtest", "--run-config", "Day"], "--run-config is for a .loadtest, and 'a.webtest' is none"),
        (["a.webtest", "--param", "Server"], "--param, number 1: write it as NAME=VALUE."),
        (["a.webtest", "--param", "a=1", "--param", "a=2"], "--param: 'a' is given twice."),
    ],
)
def test_a_plan_that_cannot_be_run_ends_with_2_and_says_why(arguments: list[str], said: str, plan: Path) -> None:
    text = plan.read_text()
    (plan.parent / "wrong.yaml").write_text(text.replace("1s", "soon"))
    (plan.parent / "ramp.yaml").write_text(text.replace("constant, users: 2", "stages, start: 2, stages: []"))
    (plan.parent / "denied.yaml").write_text(text.replace("'{{site}}/page", "'http://169.254.169.254/page"))
    done = headrace("run", *arguments, folder=plan.parent)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_example_plan_runs_against_the_demo_site(tmp_path: Path) -> None:
    with demo_site() as address:
        examples = Path(__file__).parent.parent.parent / "examples"
        text = (examples / "shop.yaml").read_text().replace("http://127.0.0.1:8000", address)
        # the first seconds of it, and no limit that a busy machine would break
        text = text.replace("duration: 20s", "duration: 4s").replace("at_most: 500ms", "at_most: 1m")
        (tmp_path / "shop.yaml").write_text(text)
        (tmp_path / "users.csv").write_text((examples / "users.csv").read_text())
        done = headrace("run", "shop.yaml", "--json", "out.json", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = read_json(tmp_path / "out.json")["summary"]
    assert summary["overallRequestSummary"]["failedRequests"] == 0
    assert "Log in" in done.stdout


@contextmanager
def demo_site() -> Iterator[str]:
    """The address of the demo site, in a thread of its own."""
    config = uvicorn.Config(create_site(), host="127.0.0.1", port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        port = eventually(lambda: server.servers[0].sockets[0].getsockname()[1] if server.started else None)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
