"""plan/writers/notes.py: comments stand above what they are about, and change nothing."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.model import Plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.walk import walk
from headrace.plan.writers.notes import with_notes
from headrace.plan.writers.plan_yaml import write_plan
from tests.plan.strategies import TARGETS, plans, texts

PLAN = textwrap.dedent("""\
    name: Shop
    tests:
    - name: Buy
      steps:
      - step: think
        time: 1
      - step: transaction
        name: Log in
        steps:
        - step: request
          url: http://shop.test/
          body:
            type: text
            text: |
              one
              two
    scenarios: []
    duration: 60
    """)


@pytest.mark.parametrize(
    ("place", "line", "indent"),
    [
        ("", "name: Shop", ""),
        ("tests[0]", "- name: Buy", ""),
        ("tests[0].steps[0]", "- step: think", "  "),
        ("tests[0].steps[1].steps[0]", "- step: request", "    "),
        ("tests[0].steps[1].steps[0].body", "type: text", "        "),
        ("duration", "duration: 60", ""),
        ("tests[0].steps[7]", "- step: think", "  "),  # there is none: above the steps
        ("tests[0].variables", "- name: Buy", ""),
        ("tests[0].name.x", "- name: Buy", ""),
        ("cleanup.command", "name: Shop", ""),
    ],
)
def test_a_note_stands_above_what_it_is_about(place: str, line: str, indent: str) -> None:
    lines = with_notes(PLAN, {place: ["Mind this."]}).split("\n")
    at = lines.index(f"{indent}# Mind this.")
    assert lines[at + 1] == indent + line


def test_the_parts_of_a_plan_are_set_apart() -> None:
    lines = with_notes(PLAN, {}).split("\n")
    assert [lines[number + 1] for number, line in enumerate(lines[:-1]) if not line] == ["tests:", "scenarios: []"]


def test_long_notes_are_broken_and_lists_hang() -> None:
    lines = with_notes(PLAN, {"tests[0]": ["Head:\n- " + "word " * 40]}).split("\n")
    at = lines.index("# Head:")
    assert lines[at + 1].startswith("# - word word")
    assert lines[at + 2].startswith("#   word")
    assert max(map(len, lines)) <= 120


@given(plans(), st.data())
def test_notes_change_nothing_of_the_plan(plan: Plan, data: st.DataObject) -> None:
    places = ["", "tests", "duration", "data[0].rows", "variables"]
    places += [f"tests[{index}].{place}" for index, test in enumerate(plan.tests) for place, _, _ in walk(test.steps)]
    places += [f"tests[{index}].variables" for index in range(len(plan.tests))]
    notes = data.draw(st.dictionaries(st.sampled_from(places), st.lists(texts, max_size=2)))
    read, findings = read_plan(with_notes(write_plan(plan), notes), "plan.yaml", TARGETS)
    assert findings == []
    assert read == plan
