"""Which scripts a run asks for, and whether they may run."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from headrace.plan.model import Plan
from headrace.plan.scripts import AttachedFile, Script
from headrace.rig.asked_scripts import scripts_for
from headrace.runs.model import RunDetails
from tests.plan.test_checks import plan_of
from tests.rig.test_validation import RUN

PLAN = plan_of(
    setup=Script("in.sh a", timeout=7),
    files=(AttachedFile("in.sh"), AttachedFile("tools/Other One.sh"), AttachedFile("out.py")),
)


def asked(setup: str = "", cleanup: str = "", plan: Plan = PLAN, allowed: str = "as-service") -> tuple[Plan, list[str]]:
    run = replace(RUN, details=RunDetails(setup_command=setup, cleanup_command=cleanup))
    made, found = scripts_for(run, plan, allowed)
    return made, [finding.message for finding in found]


def test_without_commands_the_plans_own_are_run() -> None:
    assert asked() == (PLAN, [])
    assert asked(" ", "\t") == (PLAN, [])


@pytest.mark.parametrize(
    ("command", "resolved"),
    [
        ("out.py", "out.py"),
        ("out.py 'x y' z", "out.py 'x y' z"),
        ("OUT.PY", "out.py"),
        ("tools/Other\\ One.sh -v", "'tools/Other One.sh' -v"),
        ("other one.sh", "'tools/Other One.sh'"),
        ("Tools\\Other One.sh", "'tools/Other One.sh'"),
        ("C:\\build\\out.py", "out.py"),
    ],
)
def test_a_command_of_the_run_names_a_file_and_goes_before_the_plans(command: str, resolved: str) -> None:
    plan, found = asked(command, command)
    assert found == []
    assert (plan.setup, plan.cleanup) == (Script(resolved, timeout=7), Script(resolved))


def test_a_command_that_names_no_file_is_refused() -> None:
    _, found = asked(cleanup="install.bat")
    assert found == [
        "testSettings.cleanupCommand is 'install.bat', which names no file of the drop; there is 'in.sh', "
        "'tools/Other One.sh', 'out.py'. Upload the script to the drop, or bring it as one of the files of a headracePlan, "
        "or leave the command empty."
    ]
    _, found = asked("a 'b", plan=plan_of())
    assert found[0].startswith("testSettings.setupCommand is 'a 'b', which names no file of the drop; there is none.")


def test_where_scripts_are_off_a_test_with_some_is_refused_and_the_setting_named() -> None:
    _, found = asked(cleanup="out.py", allowed="off")
    assert found == [
        "The test has a setup script and a cleanup script, and this service runs no scripts: its setting 'scripts' is off. "
        "Ask its operator to set it (docs/settings.md), or take setup and cleanup out of the test."
    ]


def test_where_scripts_are_off_a_test_without_any_runs() -> None:
    assert asked(plan=with_fields(PLAN, setup=None), allowed="off")[1] == []
