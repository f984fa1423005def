"""plan/readers/plan_yaml.py: what people write is understood, and what is not is told with line, place, value and remedy."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.browsers import DEFAULT, find_browser
from headrace.plan.data import DataSource
from headrace.plan.diagnostics import Severity
from headrace.plan.load import Constant
from headrace.plan.model import BrowserShare, Plan
from headrace.plan.pauses import Uniform
from headrace.plan.readers import yaml_values
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.yaml_values import DURATIONS, MOST_PROBLEMS
from headrace.plan.requests import Binary, Form, Parameter, Request
from headrace.plan.script_checks import LARGEST_FILES
from headrace.plan.scripts import AttachedFile, Script
from headrace.plan.steps import Repeat, Step, Think
from headrace.plan.targets import TargetRule
from headrace.plan.writers.plan_yaml import write_plan
from tests.plan.strategies import plans

TARGETS = TargetRule(deny=("denied.test",))

PLAN = """\
name: Shop
duration: 60
tests:
- name: Buy
  steps:
  - step: request
    url: http://shop.test/
scenarios:
- name: Day
  mix:
  - test: Buy
  load: {shape: constant, users: 10}
"""


def read(text: str, files: Any = None) -> Plan:
    plan, found = read_plan(text, "plan.yaml", TARGETS, files)
    assert found == []
    assert plan is not None
    return plan


def step(text: str) -> Step:
    """The only step of a plan in which it is written so."""
    indented = "\n".join("    " + line for line in text.splitlines())
    return read(PLAN.replace("    url: http://shop.test/", indented)).tests[0].steps[0]


def request(text: str) -> Request:
    found = step("url: http://shop.test/\n" + text)
    assert isinstance(found, Request)
    return found


def refusal(text: str, files: Any = None) -> str:
    plan, found = read_plan(text, "plan.yaml", TARGETS, files)
    assert plan is None
    assert {each.severity for each in found} == {Severity.ERROR}
    return "\n".join(each.message for each in found)


def test_a_short_plan_has_the_usual_of_everything_else() -> None:
    plan = read(PLAN)
    assert (plan.name, plan.duration, plan.request_timeout) == ("Shop", 60.0, 60.0)
    assert plan.tests[0].steps == (Request("http://shop.test/"),)
    assert plan.scenarios[0].load == Constant(10)
    assert plan.scenarios[0].browsers == (BrowserShare(DEFAULT, 100.0),)


def test_the_targets_are_the_operators() -> None:
    assert read(PLAN).targets == TARGETS
    said = refusal(PLAN + "targets: {allow: [10.0.0.0/8]}\n")
    assert said == (
        "plan.yaml, line 13: targets is the operator's: which targets may be tested is a setting of the service; "
        "leave it out."
    )


def test_pairs_may_be_mappings_or_lists() -> None:
    assert request("headers: {Accept: text/html, X: 1}").headers == (("Accept", "text/html"), ("X", "1"))
    assert request("headers: [[X, 1], [X, 2]]").headers == (("X", "1"), ("X", "2"))
    assert request("query: {q: a b, n: 2}").query == (Parameter("q", "a b"), Parameter("n", "2"))
    assert request("query: [{name: q, value: a, encode: false}]").query == (Parameter("q", "a", False),)
    assert request("body: {type: form, fields: {a: 1}}").body == Form((Parameter("a", "1"),))
    assert read(PLAN + "variables: {a: 1, b: two}\n").variables == (("a", "1"), ("b", "two"))


@pytest.mark.parametrize(
    "spelt", ["1", "1.10", "0777", "yes", "NO", "true", "1e3", "2026-01-01", "0x1F", "1:30", ".inf", "a b"]
)
def test_a_text_is_what_was_written_whatever_else_it_could_be(spelt: str) -> None:
    assert read(PLAN + f"variables: {{a: {spelt}}}\n").variables == (("a", spelt),)


def test_a_number_is_fine_where_a_text_is_wanted() -> None:
    found = read(PLAN.replace("step: request\n    url: http://shop.test/", "step: repeat\n    times: 3\n    steps: []"))
    assert found.tests[0].steps == (Repeat("3", ()),)


@pytest.mark.parametrize(
    ("spelt", "seconds"), [("90", 90), ("1.5", 1.5), ("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("'2m'", 120)]
)
def test_times_are_seconds_or_texts(spelt: str, seconds: float) -> None:
    assert read(PLAN.replace("duration: 60", f"duration: {spelt}")).duration == seconds
    assert request(f"timeout: {spelt}").timeout == seconds


def test_a_pause_is_a_time_or_drawn() -> None:
    thinking = PLAN.replace("step: request\n    url: http://shop.test/", "step: think\n    time: {}")
    assert read(thinking.replace("{}", "2s")).tests[0].steps == (Think(2.0),)
    drawn = read(thinking.replace("{}", "{random: uniform, low: 1s, high: 1m}"))
    assert drawn.tests[0].steps == (Think(Uniform(1.0, 60.0)),)


def test_the_fields_that_are_times_are_fields_of_the_model() -> None:
    for kind, names in DURATIONS.items():
        assert names <= set(kind.__struct_fields__), kind  # type: ignore[attr-defined]


def test_bytes_are_base64_over_several_lines_if_need_be() -> None:
    assert request("body: {type: binary, content: aGVh}").body == Binary(b"hea")
    assert request("body:\n  type: binary\n  content: |\n    aGVh\n    ZHJhY2U=\n").body == Binary(b"headrace")


def test_a_known_browser_is_named() -> None:
    chrome = find_browser("Chrome")
    assert chrome is not None
    plan = read(PLAN + "  browsers: [{browser: chrome, weight: 3}]\n")
    assert plan.scenarios[0].browsers == (BrowserShare(chrome, 3.0),)


def test_rows_may_be_csv_or_lists() -> None:
    data = "data:\n- name: users\n  columns: [a, b]\n  rows: "
    rows = (("1", "x,y"), ("2", ""))
    assert read(PLAN + data + '|\n    1,"x,y"\n    2,\n').data == (DataSource("users", ("a", "b"), rows),)
    assert read(PLAN + data + "[[1, 'x,y'], [2, '']]\n").data == (DataSource("users", ("a", "b"), rows),)


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("users: ten", "users: 10", "line 12: scenarios[0].load.users is 'ten'; give a whole number."),
        ("users: '10'", "users: 10", "line 12: scenarios[0].load.users is '10'; give a whole number, without quotes."),
        ("users: 1.5", "users: 10", "line 12: scenarios[0].load.users is '1.5'; give a whole number."),
        ("users: 99999999999999999999", "users: 10", "give a whole number that fits into 64 bits."),
        ("users: " + "9" * 5000, "users: 10", "give a whole number that fits into 64 bits."),
        (
            "user: 10",
            "users: 10",
            "line 12: scenarios[0].load.user is not known here; known are shape, users (did you mean users?).",
        ),
        ("user: 10", "users: 10", "line 12: scenarios[0].load.users is missing."),
        ("shape: constnt", "shape: constant", "line 12: scenarios[0].load.shape is 'constnt'; give one of constant, steps,"),
        ("shape: constnt", "shape: constant", "(did you mean constant?)"),
        (
            "load: 10",
            "load: {shape: constant, users: 10}",
            "scenarios[0].load is '10'; give a mapping with 'shape: constant'",
        ),
        ("load: {users: 3}", "load: {shape: constant, users: 10}", "line 12: scenarios[0].load has no 'shape'; give one of"),
        ("step: {}", "step: request", "tests[0].steps[0].step is a mapping; give one of request, page,"),
        ("duration: soon", "duration: 60", "line 2: duration is 'soon'; give seconds, or a time such as 90s, 5m or 1h30m."),
        ("http2: 'true'\nduration: 60", "duration: 60", "http2 is 'true'; give true or false, without quotes."),
        ("http2: 'yes'\nduration: 60", "duration: 60", "http2 is 'yes'; give true or false."),
        ("duration:", "duration: 60", "line 2: duration is empty; give seconds, or a time such as"),
        ("duration: [60]", "duration: 60", "line 2: duration is a list of 1; give a number."),
        ("name:", "name: Shop", "line 1: name is empty; give a text ('' for an empty one)."),
        (
            "tests: Buy",
            "tests:\n- name: Buy\n  steps:\n  - step: request\n    url: http://shop.test/",
            "tests is 'Buy'; give a list.",
        ),
        ("- Buy", "- name: Buy", "no YAML"),
        ("mix: [Buy]", "mix:\n  - test: Buy", "scenarios[0].mix[0] is 'Buy'; give a mapping with test."),
        ("headers: [X]\n    url:", "url:", "tests[0].steps[0].headers[0] is 'X'; give a pair such as [name, value]."),
        ("headers: {X: [1]}\n    url:", "url:", "tests[0].steps[0].headers.X is a list of 1; give a text."),
        ("cache: yes\n    url:", "url:", "tests[0].steps[0].cache is 'yes'; give true or false."),
        (
            "body: {type: binary, content: '%'}\n    url:",
            "url:",
            "line 7: tests[0].steps[0].body.content is '%'; give bytes",
        ),
        ("timeout: 5 minutes\n    url:", "url:", "timeout is '5 minutes'; give seconds, or a time such as"),
        (
            "extract: [{from: json, variable: a, path: $, match: al}]\n    url:",
            "url:",
            "give a whole number or one of all, random",
        ),
        ("validate: [{check: text, text: a, where: bdy}]\n    url:", "url:", "(did you mean body?)"),
        ("body: {type: form, fields: 3}\n    url:", "url:", "tests[0].steps[0].body.fields is '3'; give a list."),
        ("browsers: [{browser: Mosaic, weight: 1}]\n  mix:", "mix:", "is 'Mosaic', no browser known by its name"),
        (
            "think_time: {random: gauss}\n  mix:",
            "mix:",
            "scenarios[0].think_time.random is 'gauss'; give one of uniform, normal,",
        ),
    ],
)
def test_what_is_wrong_is_told_with_line_place_value_and_remedy(wrong: str, right: str, said: str) -> None:
    assert right in PLAN
    assert said in refusal(PLAN.replace(right, wrong, 1))


def test_all_that_is_wrong_is_told_at_once() -> None:
    said = refusal(PLAN.replace("users: 10", "users: x").replace("duration: 60", "duration: y").replace("url", "uri"))
    assert [word in said for word in ("users is 'x'", "duration is 'y'", "uri is not known", "url is missing")] == [True] * 4


def test_not_more_than_can_be_read_is_told() -> None:
    plan, found = read_plan("".join(f"a{number}: 1\n" for number in range(1000)), "plan.yaml", TARGETS)
    assert plan is None
    assert len(found) == MOST_PROBLEMS + 1
    assert "there is more" in found[-1].message


def test_without_a_time_a_time_that_may_be_left_out_is_none() -> None:
    assert request("timeout: ~").timeout is None


def test_after_the_problems_that_are_told_nobody_looks_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for = []
    monkeypatch.setattr(yaml_values, "get_close_matches", lambda name, known, n: looked_for.append(name))
    refusal(PLAN + "".join(f"x{number}: 1\n" for number in range(1000)))
    assert len(looked_for) <= MOST_PROBLEMS + 1


@pytest.mark.parametrize("text", ["just a text", "[1, 2]", "~", "3"])
def test_what_is_no_mapping_is_no_plan(text: str) -> None:
    assert "line 1: the plan is" in refusal(text)


def test_a_long_value_is_shown_short() -> None:
    assert len(refusal(PLAN.replace("users: 10", "users: " + "x" * 100_000))) < 300
    assert len(refusal(PLAN + "x" * 1000 + ": 1\n")) < 600


class TestDataFiles:
    DATA = "data: [{name: users, file: users.csv, access: random}]\n"

    def test_a_file_is_read_into_rows(self) -> None:
        asked = []

        def files(name: str) -> bytes:
            asked.append(name)
            return b"name,word\nann,water\n"

        source = read(PLAN + self.DATA, files).data[0]
        assert (source.columns, source.rows, source.file, source.access) == (
            ("name", "word"),
            (("ann", "water"),),
            "",
            "random",
        )
        assert asked == ["users.csv"]

    def test_where_there_are_no_files_the_rows_must_be_in_the_plan(self) -> None:
        assert refusal(PLAN + self.DATA) == (
            "data 'users', file 'users.csv': there are no files here. Write its rows into the plan, "
            "as 'headrace check --yaml FILE' does."
        )

    def test_a_file_that_cannot_be_read_is_named(self) -> None:
        def missing(name: str) -> bytes:
            raise FileNotFoundError(2, "No such file or directory", name)

        def elsewhere(name: str) -> bytes:
            raise ValueError("it is not in the folder of the plan")

        assert "it cannot be read: No such file or directory." in refusal(PLAN + self.DATA, missing)
        assert "it cannot be read: it is not in the folder of the plan." in refusal(PLAN + self.DATA, elsewhere)

    def test_a_file_and_rows_are_one_too_many(self) -> None:
        both = self.DATA.replace("file:", "columns: [a], rows: [[1]], file:")
        assert "there are rows as well" in refusal(PLAN + both, lambda name: b"")

    def test_a_file_with_errors_keeps_the_plan_from_running(self) -> None:
        assert "line 2: 1 values for 2 columns" in refusal(PLAN + self.DATA, lambda name: b"a,b\n1\n")


class TestAttachedFiles:
    SCRIPTS = "setup: {command: prepare.sh, timeout: 1m}\n"
    NAMED = SCRIPTS + "files: [{name: prepare.sh, file: scripts/prepare.sh}]\n"

    def test_their_content_may_be_in_the_plan(self) -> None:
        plan = read(PLAN + self.SCRIPTS + "files: [{name: prepare.sh, content: ZWNobw==}]\n")
        assert plan.files == (AttachedFile("prepare.sh", b"echo"),)
        assert plan.setup == Script("prepare.sh", 60.0)

    def test_a_file_beside_the_plan_is_read_into_it(self) -> None:
        asked = []

        def files(name: str) -> bytes:
            asked.append(name)
            return b"echo"

        assert read(PLAN + self.NAMED, files).files == (AttachedFile("prepare.sh", b"echo"),)
        assert asked == ["scripts/prepare.sh"]

    def test_where_there_are_no_files_the_content_must_be_in_the_plan(self) -> None:
        assert refusal(PLAN + self.NAMED) == (
            "files 'prepare.sh', file 'scripts/prepare.sh': there are no files here. Write its content into the plan, "
            "as 'headrace check --yaml FILE' does."
        )

    def test_a_file_and_content_are_one_too_many(self) -> None:
        both = self.NAMED.replace("file: scripts", "content: ZWNobw==, file: scripts")
        assert "there is content as well; give one of the two." in refusal(PLAN + both, lambda name: b"")

    def test_not_more_is_read_than_is_taken(self) -> None:
        asked = []

        def files(name: str) -> bytes:
            asked.append(name)
            return bytes(LARGEST_FILES // 2 + 1)

        many = "files: [" + ", ".join(f"{{name: f{number}, file: f{number}}}" for number in range(50)) + "]\n"
        assert "file 'f1': with it, files have more than 16777216 bytes." in refusal(PLAN + many, files)
        assert asked == ["f0", "f1"]


@given(st.data())
def test_a_plan_with_damage_is_refused_or_read_but_never_raises(data: st.DataObject) -> None:
    text = write_plan(data.draw(plans()))
    start = data.draw(st.integers(0, len(text)))
    damage = data.draw(st.text(max_size=3) | st.sampled_from(["\n", " ", ": ", "- ", "{", "}", "'", '"']))
    read_plan(text[:start] + damage + text[start + data.draw(st.integers(0, 5)) :], "plan.yaml", TARGETS)
