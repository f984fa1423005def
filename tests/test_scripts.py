"""Setup and cleanup scripts in the whole service: real scripts around real load, through the REST API."""

import os
import signal
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from headrace.runs.model import Source, State
from headrace.runs.store import Runs
from headrace.store.database import open_database
from tests.rig.test_engine_process import runs
from tests.serving import Served, eventually, serving
from tests.site import Site, serving_site

PLAN = """\
name: Shop
duration: 1
sampling_interval: 1
tests:
- name: Buy
  steps:
  - {{step: request, url: '{url}/'}}
  - {{step: think, time: 50ms}}
scenarios:
- name: Day
  mix: [{{test: Buy}}]
  load: {{shape: constant, users: 2}}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("service") / "data", HEADRACE_SCRIPTS="as-service") as served:
        yield served


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


def plan(site: Site, setup: str = "", cleanup: str = "", timeout: float = 20, **files: str) -> str:
    """A plan with the text of a shell script for either, and further files by their name with `_` for the dot."""
    text = PLAN.format(url=site.url)
    contents = {name.replace("_", "."): content for name, content in files.items()}
    for stage, script in (("setup", setup), ("cleanup", cleanup)):
        if script:
            text += f"{stage}: {{command: {stage}.sh, timeout: {timeout}}}\n"
            contents[f"{stage}.sh"] = script
    written = [
        f"- {{name: {name}, content: '{b64encode(content.encode()).decode()}'}}" for name, content in contents.items()
    ]
    return text + ("files:\n" + "\n".join(written) + "\n" if written else "")


def wrote(service: Served, run_id: str, source: str) -> list[tuple[str, str]]:
    """Type and text of the messages of a script, the first first."""
    messages = service.call("GET", f"testruns/{run_id}/messages")["value"]
    found = [message for message in messages if message["messageSource"] == source]
    assert all(message["agentId"] for message in found if message["messageType"] in ("output", "info"))
    return [(each["messageType"], each["message"]) for each in sorted(found, key=lambda each: str(each["loggedDate"]))]


def started(service: Served, text: str, **members: Any) -> str:
    run_id = service.create_plan_run(text, **members)
    service.queue(run_id)
    return run_id


def pid_in(file: Path) -> int:
    return int(eventually(lambda: file.exists() and file.read_text().endswith("\n") and file.read_text()))


def test_they_run_around_the_load_in_one_folder_that_is_gone_afterwards(service: Served, site: Site, tmp_path: Path) -> None:
    setup = f"pwd | tee folder; cat words.txt; echo aside >&2; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; touch made"
    cleanup = f"ls made folder; while [ ! -e {tmp_path}/end ]; do sleep 0.02; done"
    run_id = started(service, plan(site, setup, cleanup, words_txt="hello\n"))
    eventually(lambda: service.run(run_id)["subState"] == "executingSetupScript")
    folder = Path(eventually(lambda: wrote(service, run_id, "setupScript"))[0][1])
    assert folder.is_dir()
    assert site.seen.total() == 0
    (tmp_path / "go").touch()
    run = eventually(lambda: (run := service.run(run_id))["subState"] == "executingCleanupScript" and run)
    total = site.seen.total()
    assert total > 0
    assert run["executionFinishedDate"]
    (tmp_path / "end").touch()
    run = service.wait_for(run_id)
    assert (run["state"], run["subState"], site.seen.total()) == ("completed", "success", total)
    assert not folder.exists()
    assert sorted(wrote(service, run_id, "setupScript")) == [
        ("error", "aside"),
        ("info", "The setup script 'setup.sh' has succeeded."),
        ("output", str(folder)),
        ("output", "hello"),
    ]
    assert wrote(service, run_id, "cleanupScript") == [
        ("output", "folder"),
        ("output", "made"),
        ("info", "The cleanup script 'cleanup.sh' has succeeded."),
    ]
    requests = service.call("GET", f"testruns/{run_id}/ResultSummary")["overallRequestSummary"]
    assert requests["totalRequests"] == total


def test_the_environment_names_the_run_and_has_no_secrets_of_the_service(service: Served, site: Site) -> None:
    run_id = started(service, plan(site, "env | sort"))
    service.wait_for(run_id)
    variables = dict(text.split("=", 1) for kind, text in wrote(service, run_id, "setupScript") if kind == "output")
    assert (variables["HEADRACE_RUN_ID"], variables["HEADRACE_LOAD_TEST"], variables["AgentId"]) == (run_id, "Shop", "1")
    assert set(variables) - {"PWD", "_", "OLDPWD", "SHLVL"} == {
        *("PATH", "HOME", "TMPDIR", "LANG", "HEADRACE_RUN_ID", "HEADRACE_LOAD_TEST", "HEADRACE_AGENT"),
        *("DeploymentDirectory", "AgentId", "TotalAgents"),
    }


def test_a_setup_that_fails_aborts_the_run_before_any_request_and_is_cleaned_up(service: Served, site: Site) -> None:
    run_id = started(service, plan(site, "echo no such table >&2; exit 7", "echo tidied"))
    run = service.wait_for(run_id)
    assert (run["state"], run["abortMessage"]["source"]) == ("aborted", "SetupScript")
    cause = run["abortMessage"]["cause"]
    assert cause.startswith("The setup script 'setup.sh' failed on agent '")
    assert cause.endswith("': it ended with exit status 7. The last it wrote: no such table")
    assert "executionStartedDate" not in run
    assert site.seen.total() == 0
    assert ("output", "tidied") in wrote(service, run_id, "cleanupScript")


def test_a_setup_that_takes_too_long_is_killed_with_all_that_it_started(service: Served, site: Site, tmp_path: Path) -> None:
    setup = f"setsid sh -c 'echo $$ > {tmp_path}/away; exec sleep 600' & echo $$ > {tmp_path}/own; sleep 600"
    run_id = started(service, plan(site, setup, timeout=1.5))
    run = service.wait_for(run_id)
    assert (run["state"], run["abortMessage"]["source"]) == ("aborted", "SetupScript")
    assert "it was killed after its time-out of 1.5 s. It wrote nothing." in run["abortMessage"]["cause"]
    assert not runs(pid_in(tmp_path / "away"))
    assert not runs(pid_in(tmp_path / "own"))
    assert site.seen.total() == 0


def test_a_stop_during_the_setup_ends_the_run_within_two_seconds(service: Served, site: Site, tmp_path: Path) -> None:
    run_id = started(service, plan(site, f"echo $$ > {tmp_path}/own; sleep 600"))
    own = pid_in(tmp_path / "own")
    begun = monotonic()
    service.call("PATCH", f"testruns/{run_id}", {"state": "aborted"})
    run = service.wait_for(run_id)
    assert monotonic() - begun < 2
    assert (run["state"], run["stoppedBy"]["displayName"]) == ("aborted", "administrator")
    assert "abortMessage" not in run
    assert not runs(own)
    assert site.seen.total() == 0


def test_a_stop_during_the_load_is_followed_by_the_cleanup(service: Served, site: Site) -> None:
    run_id = started(service, plan(site, "", "echo tidied").replace("duration: 1\n", "duration: 600\n"))
    eventually(lambda: site.seen.total() > 2)
    service.call("PATCH", f"testruns/{run_id}", {"state": "aborted"})
    assert service.wait_for(run_id)["state"] == "aborted"
    assert wrote(service, run_id, "cleanupScript")[0] == ("output", "tidied")


def test_a_cleanup_that_fails_makes_the_success_partial(service: Served, site: Site) -> None:
    run_id = started(service, plan(site, "", "exit 1"))
    run = service.wait_for(run_id)
    assert (run["state"], run["subState"]) == ("completed", "partialSuccess")
    ((kind, text),) = wrote(service, run_id, "cleanupScript")
    assert (kind, "it ended with exit status 1" in text) == ("warning", True)


def test_what_the_setup_started_is_there_during_the_load_and_gone_after_it(
    service: Served, site: Site, tmp_path: Path
) -> None:
    setup = f"sleep 600 & echo $! > {tmp_path}/background"
    run_id = started(service, plan(site, setup, f"kill -0 $(cat {tmp_path}/background) && echo there"))
    service.wait_for(run_id)
    assert ("output", "there") in wrote(service, run_id, "cleanupScript")
    assert not runs(pid_in(tmp_path / "background"))


def test_a_flood_of_output_is_bounded_and_counted(service: Served, site: Site) -> None:
    run_id = started(service, plan(site, "yes 'a line of some length' | head -n 1000000"))
    assert service.wait_for(run_id)["state"] == "completed"
    messages = [text for kind, text in wrote(service, run_id, "setupScript") if kind == "output"]
    assert (len(messages), messages[-1]) == (501, "... and 999500 more lines")


def test_commands_of_the_run_name_files_of_its_plan_and_go_before_it(service: Served, site: Site) -> None:
    text = plan(site, "echo the plan's", other_py="import sys; print('mine', sys.argv[1:])", tidy_sh="echo tidied")
    commands = {"setupCommand": "OTHER.py 'one two'", "cleanupCommand": "tidy.sh"}
    run_id = started(service, text, testSettings=commands)
    run = service.wait_for(run_id)
    assert (run["state"], run["testSettings"]["setupCommand"]) == ("completed", "OTHER.py 'one two'")
    assert wrote(service, run_id, "setupScript")[0] == ("output", "mine ['one two']")
    assert wrote(service, run_id, "cleanupScript")[0] == ("output", "tidied")


def test_a_command_without_such_a_file_is_refused_by_name(service: Served, site: Site) -> None:
    run_id = started(service, plan(site), testSettings={"setupCommand": "install.sh"})
    run = service.wait_for(run_id)
    assert (run["state"], run["abortMessage"]["source"]) == ("aborted", "Validation")
    assert "testSettings.setupCommand is 'install.sh', which names no file of the drop" in run["abortMessage"]["details"][0]


@pytest.mark.skipif(os.path.exists("/usr/bin/pwsh"), reason="PowerShell is installed here")
def test_an_interpreter_that_is_not_there_is_told_before_anything_runs(service: Served, site: Site) -> None:
    text = plan(site, "echo never", clean_ps1="'x'") + "cleanup: {command: clean.ps1}\n"
    run_id = started(service, text)
    run = service.wait_for(run_id)
    assert run["state"] == "aborted"
    assert "'clean.ps1' needs 'pwsh', which is not installed on the agent" in run["abortMessage"]["cause"]
    assert wrote(service, run_id, "setupScript") == []
    assert site.seen.total() == 0


def test_by_default_no_script_runs_and_the_setting_is_named(site: Site, tmp_path: Path) -> None:
    with serving(tmp_path / "data", HEADRACE_SCRIPTS="") as service:
        run = service.wait_for(started(service, plan(site, f"touch {tmp_path}/ran")))
    assert (run["state"], run["abortMessage"]["source"]) == ("aborted", "Validation")
    assert "its setting 'scripts' is off" in run["abortMessage"]["details"][0]
    assert not (tmp_path / "ran").exists()
    assert site.seen.total() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run scripts as another user")
def test_another_user_runs_them_where_the_operator_says_so(site: Site, tmp_path: Path) -> None:
    setup = (
        "id -un; id -gn; stat -c %U . setup.sh; touch mine; cat /proc/$PPID/environ >/dev/null 2>&1 && echo readable; "
        f"touch {tmp_path}/own 2>/dev/null && echo writable; kill -0 $PPID 2>/dev/null && echo in reach; echo $PATH"
    )
    with serving(tmp_path / "data", HEADRACE_SCRIPTS="nobody") as service:
        run_id = started(service, plan(site, setup, "ls mine"))
        assert service.wait_for(run_id)["state"] == "completed"
        output = [text for kind, text in wrote(service, run_id, "setupScript") if kind == "output"]
        assert output == ["nobody", "nogroup", "nobody", "nobody", "/usr/local/bin:/usr/bin:/bin"]
        assert wrote(service, run_id, "cleanupScript")[0] == ("output", "mine")


def test_a_service_that_is_killed_leaves_no_script_behind(site: Site, tmp_path: Path) -> None:
    with serving(tmp_path / "data", HEADRACE_SCRIPTS="as-service", TMPDIR=str(tmp_path)) as service:
        setup = f"setsid sh -c 'echo $$ > {tmp_path}/away; exec sleep 600' & echo $$ > {tmp_path}/own; sleep 600"
        started(service, plan(site, setup))
        pids = [pid_in(tmp_path / name) for name in ("away", "own")]
        os.kill(service.process.pid, signal.SIGKILL)
        eventually(lambda: not any(map(runs, pids)))


def test_a_service_that_is_told_to_stop_ends_the_script_and_removes_its_folder(site: Site, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving(tmp_path / "data", HEADRACE_SCRIPTS="as-service", TMPDIR=str(temporary)) as service:
        run_id = started(service, plan(site, f"echo $$ > {tmp_path}/own; sleep 600", "echo tidied"))
        own = pid_in(tmp_path / "own")
        assert [path.name.startswith("headrace-script-") for path in temporary.iterdir()] == [True]
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(10)
        assert not runs(own)
        assert list(temporary.iterdir()) == []
    kept = Runs(open_database(f"sqlite:///{tmp_path / 'data' / 'headrace.db'}"))
    assert [run.life.abort is not None for run in kept.in_states(State.ERROR)] == [True]
    assert (Source.CLEANUP_SCRIPT, "tidied") in [(each.source, each.text) for each in kept.messages(run_id)]


def test_nothing_is_left_in_the_folder_for_temporary_files(service: Served, site: Site) -> None:
    def folders() -> set[Path]:
        return set(Path(tempfile.gettempdir()).glob("headrace-script-*"))

    before = folders()
    service.wait_for(started(service, plan(site, "mkdir -p locked/deep; chmod 0 locked/deep; exit 1", "exit 1")))
    assert folders() <= before
