"""Which file of a drop is the test, and what its scripts find beside them."""

from dataclasses import replace

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.model import Plan
from headrace.plan.readers.folder import Folder
from headrace.plan.script_checks import LARGEST_FILES, MOST_FILES
from headrace.plan.targets import TargetRule
from headrace.rig.drop_test import choose_test, read_drop_test
from headrace.runs.model import RunDetails
from tests.rig.test_validation import PLAN, RUN


def folder_of(files: dict[str, bytes]) -> Folder:
    return Folder(tuple(files), lambda name: files[name])


@pytest.mark.parametrize(
    ("name", "files", "chosen"),
    [
        ("Shop.loadtest", ["Shop.loadtest", "Other.loadtest"], "Shop.loadtest"),
        ("SHOP.LoadTest", ["shop.loadtest", "Other.loadtest"], "shop.loadtest"),
        ("Shop.loadtest", ["Tests/Shop.loadtest", "Other.loadtest"], "Tests/Shop.loadtest"),
        ("Tests\\Shop.loadtest", ["Tests/Shop.loadtest", "Shop.loadtest"], "Tests/Shop.loadtest"),
        ("Buy.webtest", ["Shop.loadtest", "Buy.webtest"], "Buy.webtest"),
        ("night.yaml", ["plan.yaml", "night.yaml"], "night.yaml"),
        ("nightly", ["deep/Shop.LOADTEST", "Buy.webtest", "plan.yaml"], "deep/Shop.LOADTEST"),
        ("nightly", ["a.txt", "Buy.webtest", "plan.yaml"], "Buy.webtest"),
        ("nightly", ["a.txt", "Plan.YML", "other.yaml"], "Plan.YML"),
        ("a.txt", ["a.txt", "plan.yaml"], "plan.yaml"),
    ],
)
def test_the_test_is_the_runs_namesake_or_the_only_one(name: str, files: list[str], chosen: str) -> None:
    file, findings = choose_test(name, folder_of(dict.fromkeys(files, b"")))
    assert file == chosen
    assert all(finding.severity is Severity.INFO and f"'{chosen}' is taken" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "has no files. Upload the test to its dropContainerUrl"),
        (["a.jmx", "b.yaml"], "no .loadtest, .webtest or plan.yaml at all; there is 'a.jmx', 'b.yaml'."),
        (["a.webtest", "b.webtest", "plan.yaml"], "several tests ('a.webtest', 'b.webtest'). Name the run after one"),
        ([f"{number}.txt" for number in range(30)], "'19.txt' and 10 more."),
    ],
)
def test_where_none_is_meant_what_there_is_is_told(files: list[str], said: str) -> None:
    file, findings = choose_test("Shop.loadtest", folder_of(dict.fromkeys(files, b"")))
    assert file is None
    assert [finding.severity for finding in findings] == [Severity.ERROR]
    assert said in findings[0].message


def read(files: dict[str, bytes], setup: str = "") -> tuple[Plan | None, list[str]]:
    run = replace(RUN, name="plan.yaml", details=RunDetails(setup_command=setup))
    plan, findings = read_drop_test(run, folder_of({"plan.yaml": PLAN.encode(), **files}), TargetRule())
    return plan, [finding.message for finding in findings]


def test_without_scripts_there_are_no_files_beside_them() -> None:
    plan, findings = read({"in.sh": b"true"})
    assert plan is not None
    assert (plan.files, findings) == ((), [])


def test_a_script_has_the_files_of_the_drop_beside_it() -> None:
    plan, findings = read({"deep/in.sh": b"true", "data.csv": b"a"}, setup="IN.sh")
    assert plan is not None
    assert {file.name: file.content for file in plan.files} == {
        "deep/in.sh": b"true",
        "data.csv": b"a",
        "plan.yaml": PLAN.encode(),
    }
    assert findings == []


def test_of_very_many_or_large_files_the_script_itself_is_there() -> None:
    many = {f"a/{number}.txt": b"" for number in range(2 * MOST_FILES)}
    plan, findings = read({**many, "z/z/in.sh": b"true"}, setup="in.sh -v")
    assert plan is not None
    assert plan.files[0].name == "z/z/in.sh"
    assert len(plan.files) == MOST_FILES
    assert f"Scripts find {MOST_FILES} files of the drop beside them, and not the other 102" in findings[0]
    plan, findings = read({"large": bytes(LARGEST_FILES), "in.sh": b"true"}, setup="in.sh")
    assert plan is not None
    assert {file.name for file in plan.files} == {"in.sh", "plan.yaml"}
    assert "not the other 1" in findings[0]


def test_a_plan_finds_its_files_from_where_it_is() -> None:
    text = PLAN.encode() + b"data: [{name: users, file: users.csv}]\n"
    run = replace(RUN, name="sub/night.yaml")
    files = {"sub/night.yaml": text, "sub/users.csv": b"name\nAda\n", "plan.yaml": b""}
    plan, _ = read_drop_test(run, folder_of(files), TargetRule())
    assert plan is not None
    assert plan.data[0].rows == (("Ada",),)
    _, findings = read_drop_test(run, folder_of({"sub/night.yaml": b"\xff"}), TargetRule())
    assert findings[-1].message == "sub/night.yaml: it is not UTF-8. Save it as UTF-8."
