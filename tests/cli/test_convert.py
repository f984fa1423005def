"""`headrace convert`, as a user runs it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.cli.convert import plan_text, set_apart
from headrace.plan.data import DataSource
from headrace.plan.model import Plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.scripts import AttachedFile
from headrace.plan.targets import TargetRule
from tests.plan.strategies import TARGETS, plans, texts
from tests.serving import headrace

PLAN = """\
name: Shop
duration: 90s
variables: {site: 'http://shop.test'}
tests:
- name: Buy
  credentials: {scheme: basic, user: ann, password: water-wheel}
  steps:
  - {step: row, source: users}
  - {step: request, url: '{{site}}/{{name}}'}
  - step: request
    url: '{{site}}/login'
    method: POST
    body: {type: form, fields: {user: '{{name}}', password: mill-race}}
scenarios:
- name: Day
  mix: [{test: Buy}]
  load: {shape: constant, users: 5}
data:
- {name: users, file: users.csv}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "users.csv").write_text("name,age\n" + "".join(f"user{number},{number}\n" for number in range(100)))
    return tmp_path


def read(file: Path) -> Plan:
    plan, findings = read_plan(file.read_text(), file.name, TargetRule(), lambda name: (file.parent / name).read_bytes())
    assert findings == []
    assert plan is not None
    return plan


def test_it_writes_a_plan_that_reads_as_the_same_with_large_data_beside_it(folder: Path) -> None:
    done = headrace("convert", "plan.yaml", "-o", "kept.yaml", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Wrote kept.yaml\nWrote kept.users.csv\n"
    assert read(folder / "kept.yaml") == read(folder / "plan.yaml")
    assert (folder / "kept.users.csv").read_text() == (folder / "users.csv").read_text()
    assert "file: kept.users.csv" in (folder / "kept.yaml").read_text()
    assert headrace("check", "kept.yaml", folder=folder).returncode == 0


def test_with_a_dash_it_prints_the_plan_with_its_data_in_it(folder: Path) -> None:
    done = headrace("convert", "plan.yaml", "-o", "-", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# Made from plan.yaml by `headrace convert`.")
    plan, findings = read_plan(done.stdout, "plan.yaml", TargetRule())
    assert (plan, findings) == (read(folder / "plan.yaml"), [])
    assert sorted(path.name for path in folder.iterdir()) == ["plan.yaml", "users.csv"]


def test_secrets_are_marked_and_not_repeated(folder: Path) -> None:
    lines = headrace("convert", "plan.yaml", "-o", "-", folder=folder).stdout.splitlines()
    marks = [(line.strip(), lines[number + 1].strip()) for number, line in enumerate(lines) if "Secret" in line]
    assert marks == [
        (
            "# Secret: 'password'. Keep this file from those who may not see it.",
            "fields: {user: '{{name}}', password: mill-race}",
        ),
        (
            "# Secret: the password. Keep this file from those who may not see it.",
            "credentials: {scheme: basic, password: water-wheel, user: ann}",
        ),
    ]


@pytest.mark.parametrize("there", ["kept.yaml", "kept.users.csv"])
def test_what_is_there_is_overwritten_by_force_only(there: str, folder: Path) -> None:
    (folder / there).write_text("mine")
    done = headrace("convert", "plan.yaml", "-o", "kept.yaml", folder=folder)
    assert done.returncode == 2
    assert f"There already: '{there}'. Overwrite with --force" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted(["plan.yaml", "users.csv", there])
    assert (folder / there).read_text() == "mine"
    assert headrace("convert", "plan.yaml", "-o", "kept.yaml", "--force", folder=folder).returncode == 0
    assert read(folder / "kept.yaml") == read(folder / "plan.yaml")
    again = headrace("convert", "plan.yaml", "-o", "kept.yaml", folder=folder)
    assert again.returncode == 0  # the same is there: nothing is lost


@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        ("kept.txt", 2, "'kept.txt': name a file that ends with .yaml, or - to print the plan."),
        ("nowhere/kept.yaml", 3, "No such file or directory"),
    ],
)
def test_where_it_cannot_be_written(output: str, code: int, said: str, folder: Path) -> None:
    done = headrace("convert", "plan.yaml", "-o", output, folder=folder)
    assert done.returncode == code
    assert said in done.stderr


def test_what_cannot_be_run_is_not_written(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("users: 5", "users: -5"))
    done = headrace("convert", "plan.yaml", "-o", "kept.yaml", folder=folder)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "'plan.yaml' cannot be run as it is, see above; it is not converted." in done.stderr
    assert not (folder / "kept.yaml").exists()


def test_attached_files_get_names_of_their_own() -> None:
    names = ["setup.sh", "lib/setup.sh", "../../.profile", "kept.yaml", "a\0b/c:d.ps1", "SETUP.SH"]
    plan = replace(minimal(), files=tuple(AttachedFile(name, name.encode()) for name in names))
    apart, beside = set_apart(plan, "kept.yaml")
    assert list(beside) == ["setup.sh", "setup-2.sh", "kept.profile", "kept.yaml.txt", "c-d.ps1", "SETUP-3.SH"]
    assert [(file.name, file.content) for file in apart.files] == [(name, b"") for name in names]
    assert [beside[file.file].decode() for file in apart.files] == names


@given(st.lists(texts, min_size=1, max_size=3, unique=True), st.lists(st.lists(texts, min_size=3, max_size=3), max_size=30))
def test_data_apart_comes_back_as_it_was(columns: list[str], rows: list[list[str]]) -> None:
    width = len(columns)
    source = DataSource("users/../x", tuple(columns), tuple(tuple(row[:width]) for row in rows))
    plan = replace(minimal(), data=(source,))
    apart, beside = set_apart(plan, "kept.yaml")
    assert all("/" not in name for name in beside)
    read_back, findings = read_plan(plan_text("a.yaml", apart, {}), "kept.yaml", TARGETS, beside.__getitem__)
    assert findings == []
    assert read_back == plan


@given(plans())
def test_every_plan_comes_back_with_its_comments_and_files(plan: Plan) -> None:
    plan = replace(plan, files=tuple(replace(file, file="") for file in plan.files))
    apart, beside = set_apart(plan, "kept.yaml")
    read_back, findings = read_plan(
        plan_text("a.yaml", apart, {"": ["of the whole"]}), "kept.yaml", TARGETS, beside.__getitem__
    )
    assert findings == []
    assert read_back == plan


def minimal() -> Plan:
    return read_plan("{name: a, duration: 1, tests: [], scenarios: []}", "a", TARGETS)[0] or pytest.fail("no plan")
