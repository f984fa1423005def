"""`headrace check`, as a user runs it."""

import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from rich.console import Console

from headrace.cli.check import show_plan
from headrace.plan.model import Plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.targets import TargetRule
from tests.plan.strategies import plans
from tests.serving import HEADRACE, headrace, read_json

PLAN = """\
name: Shop [b]
duration: 90s
warm_up: 10s
tests:
- name: Buy
  steps:
  - {step: row, source: users}
  - step: transaction
    name: Log in
    steps:
    - {step: request, url: 'http://shop.test/{{name}}', validate: [{check: text, text: Hello}]}
    - {step: think, time: {random: uniform, low: 1s, high: 2s}}
  - step: choose
    options:
    - weight: 3
      steps: [{step: page, request: {url: 'http://shop.test/'}, dependents: [{url: 'http://shop.test/a.css'}]}]
    - steps: [{step: stop, what: user}]
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: stages, stages: [{duration: 50, users: 8}, {duration: 50, users: 0}]}
- name: Night
  mix: [{test: Buy}]
  mix_by: sequential
  load: {shape: arrivals, rate: 5, users: 100}
data:
- {name: users, file: users.csv}
"""
USERS = "name,password\nann,water\nbob,wheel\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "users.csv").write_text(USERS)
    return tmp_path


def test_it_shows_scripts_and_their_files(folder: Path) -> None:
    (folder / "prepare.sh").write_text("echo")
    with (folder / "plan.yaml").open("a") as plan:
        plan.write("setup: {command: prepare.sh -v, timeout: 90s}\nfiles: [{name: prepare.sh, file: prepare.sh}]\n")
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 0, done.stdout
    shown = " ".join(done.stdout.split())
    assert "Scripts setup prepare.sh -v, for 0:01:30 at most files prepare.sh (4 bytes)" in shown


def test_it_shows_what_was_understood(folder: Path) -> None:
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 0, done.stdout
    for said in (
        "Shop [b]: 0:01:30 of load, after a warm-up of 0:00:10",
        "2 scenarios, 1 test, 7 steps, 3 requests",
        "stages: 0 to 8 users, 8 at most  ▁",
        "arrivals: 5 to 5 iterations a second, at most 100 users at once",
        "'Buy' 100 % of the tests started",
        "in order: 'Buy'",
        "take a row of 'users'",
        "transaction 'Log in'",
        "GET http://shop.test/{{name}}, 1 validation",
        "think 1 to 2 s",
        "choose one of 2, random",
        "75%",
        "page GET http://shop.test/, 1 dependents",
        "stop the user",
        "name, password",
    ):
        assert said in done.stdout
    assert done.stderr == ""


@given(plans())
def test_no_plan_is_too_odd_to_be_shown(plan: Plan) -> None:
    show_plan(Console(file=io.StringIO()), plan)


@pytest.mark.parametrize("duration", [".inf", ".nan"])
def test_a_duration_that_is_no_time_is_told(duration: str, folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("duration: 90s", f"duration: {duration}"))
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 1
    assert f"error: duration is {duration[1:]}: give seconds from" in done.stdout


def test_with_yaml_it_prints_the_plan_with_its_data_in_it(folder: Path) -> None:
    done = headrace("check", "--yaml", "plan.yaml", folder=folder)
    plan, findings = read_plan(done.stdout, "plan.yaml", TargetRule())
    assert findings == []
    assert plan is not None
    assert plan.data[0].rows == (("ann", "water"), ("bob", "wheel"))
    assert (done.returncode, done.stderr) == (0, "")


def test_thresholds_scripts_and_iterations_are_shown(folder: Path) -> None:
    more = """\
iterations: 5000
setup: {command: setup.sh --quick, timeout: 90}
files:
- {name: setup.sh, content: ZXhpdCAwCg==}
thresholds:
- counter: {category: 'LoadTest:Page', counter: Avg. Page Time, instance: _Total}
  warning: 0.5
  critical: 2
- counter: {category: Memory, counter: Available MBytes}
  over: false
  critical: 50
  agents: true
- counter: {category: 'LoadTest:Request', counter: Avg. Connection Wait Time}
  warning: 0.25
  relative_to: {category: 'LoadTest:Page', counter: Avg. Page Time}
"""
    (folder / "plan.yaml").write_text(PLAN + more)
    done = headrace("check", "plan.yaml", folder=folder, COLUMNS="200")
    assert done.returncode == 0, done.stdout
    for said in (
        "0:01:30 of load, 5,000 iterations at most, after a warm-up of 0:00:10",
        "1 data source, 3 thresholds",
        "setup      setup.sh --quick, for 0:01:30 at most",
        "files      setup.sh (7 bytes)",
    ):
        assert said in done.stdout
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for row in (
        "LoadTest:Page: Avg. Page Time (_Total) the load test over 0.5 over 2",
        "Memory: Available MBytes each agent under 50",
        "LoadTest:Request: Avg. Connection Wait Time the load test over 0.25 x LoadTest:Page: Avg. Page Time",
    ):
        assert row in rows


def test_findings_are_written_for_programs(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("{{name}}", "{{nome}}"))
    done = headrace("check", "plan.yaml", "--json", "out.json", folder=folder)
    assert done.returncode == 0
    out = read_json(folder / "out.json")
    assert (out["canRun"], out["name"]) == (True, "Shop [b]")
    counts = {"scenarios": 2, "tests": 1, "steps": 7, "requests": 3, "dataSources": 1, "thresholds": 0}
    assert out["counts"] == counts
    assert [(finding["severity"], finding["file"], finding["line"]) for finding in out["findings"]] == [
        ("warning", None, None)
    ]
    (folder / "plan.yaml").write_text(PLAN.replace("duration: 90s", "duration: soon"))
    assert headrace("check", "plan.yaml", "--json", "out.json", folder=folder).returncode == 1
    out = read_json(folder / "out.json")
    assert (out["canRun"], out["name"], out["counts"]) == (False, None, None)
    assert [(finding["severity"], finding["file"], finding["line"]) for finding in out["findings"]] == [
        ("error", "plan.yaml", 2)
    ]
    nowhere = headrace("check", "plan.yaml", "--json", "nowhere/out.json", folder=folder)
    assert (nowhere.returncode, "--json: the folder of 'nowhere/out.json' does not exist" in nowhere.stderr) == (2, True)


def test_the_gravest_findings_come_first_and_are_counted(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("{{name}}", "{{nome}}").replace("rate: 5", "rate: -5"))
    done = headrace("check", "plan.yaml", folder=folder)
    told = [line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith(("error", "warning"))]
    assert told == ["error", "warning"]
    assert done.stdout.endswith("1 error, 1 warning\n")


@pytest.mark.parametrize("option", [["--ignore-plugins"], ["--param", "a=b"], ["--run-config", "Day"]])
def test_choices_are_for_files_of_visual_studio(option: list[str], folder: Path) -> None:
    done = headrace("check", "plan.yaml", *option, folder=folder)
    assert done.returncode == 2
    assert f"{option[0]} is for a .loadtest" in done.stderr
    assert "'plan.yaml' is none; leave it out." in done.stderr


def test_errors_are_told_and_end_it_with_1(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("duration: 90s", "duration: soon"))
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 1
    assert done.stdout == "error: plan.yaml, line 2: duration is 'soon'; give seconds, or a time such as 90s, 5m or 1h30m.\n"


def test_a_plan_that_is_understood_and_makes_no_sense_is_shown_and_ends_with_1(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("rate: 5", "rate: -5").replace("source: users", "source: usrs"))
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 1
    assert "arrivals, with errors" in done.stdout
    assert "error: test 'Buy', steps[0].source is 'usrs', and there is no such data; there is 'users'." in done.stdout


def test_warnings_are_told_and_the_plan_can_be_run(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("{{name}}", "{{nome}}"))
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 0
    assert "warning: test 'Buy', steps[1].steps[0].url: nothing gives the variable 'nome' a value" in done.stdout


def test_what_cannot_be_written_is_no_verdict_on_the_plan(folder: Path) -> None:
    for options in ([], ["--yaml"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*HEADRACE, "check", *options, "plan.yaml"], cwd=folder, stdout=full, check=False)
        assert done.returncode == 3


def test_with_yaml_findings_go_where_they_do_not_disturb(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("{{name}}", "{{nome}}"))
    done = headrace("check", "--yaml", "plan.yaml", folder=folder)
    assert "warning: test 'Buy'" in done.stderr
    assert "warning" not in done.stdout


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "..\\secret.csv", "link.csv"])
def test_data_outside_the_folder_of_the_plan_is_not_read(name: str, folder: Path) -> None:
    (folder.parent / "secret.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "plan.yaml").write_text(PLAN.replace("users.csv", f"'{name}'"))
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.returncode == 1
    assert "it is not in the folder of the plan; move it there" in done.stdout


def test_data_in_a_folder_below_is_read(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "users.csv").rename(folder / "data" / "users.csv")
    (folder / "plan.yaml").write_text(PLAN.replace("users.csv", "data/users.csv"))
    assert headrace("check", "plan.yaml", folder=folder).returncode == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.yaml", "'missing.yaml' cannot be read: No such file or directory."),
        ("test.jmx", "'test.jmx' is a JMeter test plan, which this version does not read yet. Give a plan.yaml, "),
        ("test.webtest", "'test.webtest' cannot be read: No such file or directory."),
        ("folder.loadtest", "'folder.loadtest' cannot be read: it is no file."),
        ("test.har", "a recording of a browser"),
        ("notes.txt", "'notes.txt' is no test by its name, which should end with .yaml, .loadtest"),
        ("latin.yaml", "'latin.yaml' is not UTF-8 in line 2. Save it as UTF-8."),
        ("folder.yaml", "'folder.yaml' cannot be read: it is no file."),
    ],
)
def test_what_is_no_plan_ends_with_2(name: str, said: str, folder: Path) -> None:
    (folder / "latin.yaml").write_bytes(b"# a\nname: \xe4\n")
    (folder / "folder.yaml").mkdir()
    (folder / "folder.loadtest").mkdir()
    done = headrace("check", name, folder=folder)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_operators_rule_is_that_of_the_settings(folder: Path) -> None:
    done = headrace("check", "plan.yaml", folder=folder, HEADRACE_TARGETS_DENY='["shop.test"]')
    assert done.returncode == 1
    assert "is denied by the target rule 'shop.test'" in done.stdout


def test_a_long_test_is_cut_and_said_so(folder: Path) -> None:
    steps = "\n".join("  - {step: request, url: 'http://shop.test/'}" for _ in range(500))
    (folder / "plan.yaml").write_text(
        f"name: Long\nduration: 1\ntests:\n- name: T\n  steps:\n{steps}\n"
        "scenarios: [{name: S, mix: [{test: T}], load: {shape: constant, users: 1}}]\n"
    )
    done = headrace("check", "plan.yaml", folder=folder)
    assert done.stdout.count("GET http://shop.test/") == 200
    assert "... 500 steps in all" in done.stdout
