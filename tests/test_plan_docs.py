"""Every example of docs/plan.md reads, and can be run; the example plan of the repository too."""

import re
import textwrap
from pathlib import Path

import msgspec
import pytest

from headrace.cli.plan_file import read_plan_file
from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.model import Plan, Scenario, Test
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.yaml_tree import Sequence, parse_yaml
from headrace.plan.requests import Request
from headrace.plan.targets import TargetRule
from tests.plan.strategies import every_struct

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "plan.md").read_text()
EXAMPLES = [match[1] for match in re.finditer(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]

STEPS = "- {step: request, url: 'http://shop.test/'}\n"
TESTS = "".join(
    f"- name: {name}\n  steps: [{{step: request, url: 'http://shop.test/'}}]\n" for name in ("Buy", "Look", "Log in")
)
DATA = "data: [{name: users, columns: [user], rows: [[ann]]}]\n"
MIX = "mix: [{test: Buy}]\n"
LOAD = "load: {shape: constant, users: 1}\n"


def names_of(kind: type) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def whole_plan(example: str) -> str:
    """A plan around an example that is a part of one: steps, or fields of a request, a test, a scenario or the plan."""
    tree = parse_yaml(example)
    if isinstance(tree, Sequence):
        return around_tests(f"- name: Buy\n  steps:\n{textwrap.indent(example, '  ')}", example)
    names = set(getattr(tree, "entries", {}))
    if {"name", "tests", "scenarios"} <= names:
        return example
    if names <= names_of(Request):
        steps = f"- step: request\n  url: http://shop.test/\n{textwrap.indent(example, '  ')}"
        return around_tests(f"- name: Buy\n  steps:\n{textwrap.indent(steps, '  ')}", example)
    if names <= names_of(Test):
        return around_tests("-" + textwrap.indent(example, "  ")[1:], example)
    if names <= names_of(Scenario):
        mine = ("" if "name" in names else "name: Day\n") + ("" if "mix" in names else MIX) + example
        return f"name: Example\nduration: 60\ntests:\n{TESTS}scenarios:\n-" + textwrap.indent(mine, "  ")[1:]
    assert names <= names_of(Plan), names
    scenario = "-" + textwrap.indent(f"name: Day\n{MIX}{LOAD}", "  ")[1:]
    return f"name: Example\nduration: 60\ntests:\n{TESTS}scenarios:\n{scenario}{example}"


def around_tests(tests: str, example: str) -> str:
    scenario = "-" + textwrap.indent(f"name: Day\n{MIX}{LOAD}", "  ")[1:]
    data = DATA if "source: users" in example else ""
    return f"name: Example\nduration: 60\ntests:\n{tests}scenarios:\n{scenario}{data}"


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.splitlines()[0] for example in EXAMPLES])
def test_every_example_can_be_run(example: str) -> None:
    plan, findings = read_plan(whole_plan(example), "plan.md", TargetRule())
    assert findings == []
    assert plan is not None
    assert [each.message for each in check_plan(plan) if each.severity is Severity.ERROR] == []


def test_every_kind_of_step_rule_body_shape_and_condition_has_an_example() -> None:
    text = "\n".join(EXAMPLES)
    kinds = {
        (kind.__struct_config__.tag_field, kind.__struct_config__.tag)
        for kind in every_struct()
        if kind.__struct_config__.tag_field
    }
    assert [f"{field}: {tag}" for field, tag in sorted(kinds, key=str) if not re.search(rf"\b{field}: {tag}\b", text)] == []


@pytest.mark.parametrize("kind", [Plan, Scenario, Test, Request], ids=lambda kind: kind.__name__)
def test_every_field_of_the_large_structs_is_documented(kind: type) -> None:
    assert [name for name in names_of(kind) - {"targets"} if f"`{name}" not in PAGE] == []


def test_the_example_plan_can_be_run_and_leaves_no_doubt() -> None:
    plan, findings = read_plan_file(ROOT / "examples" / "shop.yaml", TargetRule())
    assert plan is not None
    assert findings == []
