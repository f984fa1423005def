"""Visual Studio's files on the command line, as a user runs them: our example, and what others have made."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.cli import disk_folder, plan_file
from headrace.cli.convert import plan_text, set_apart
from headrace.cli.disk_folder import open_folder
from headrace.cli.plan_file import AS_WRITTEN, read_test, remarks_on
from headrace.plan.checks import check_plan
from headrace.plan.readers.plan_yaml import read_plan
from headrace.plan.readers.visual_studio.xml_tree import Element, parse_xml
from headrace.plan.targets import TargetRule
from headrace.plan.writers.tidy import tidied
from tests.cli.test_run import demo_site
from tests.serving import Done, headrace, read_json

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "visual-studio"
CORPUS = ROOT.parent / "shared/corpus/visual-studio"
FILES = sorted(path for path in CORPUS.rglob("*") if path.suffix.lower() in (".loadtest", ".webtest"))
with_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected files of Visual Studio (../shared) are not here")
collected = pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(CORPUS)) for file in FILES])


def example(folder: Path, address: str = "http://127.0.0.1:8000") -> Path:
    """A copy of the example, for the demo site at this address: users do not think, and a busy machine violates nothing."""
    for file in EXAMPLE.iterdir():
        text = file.read_text().replace("http://127.0.0.1:8000", address)
        text = re.sub('ThinkTime="[0-9]+"', 'ThinkTime="0"', text)
        (folder / file.name).write_text(
            re.sub('"CriticalThreshold" Value="(90|2|0.5)"', '"CriticalThreshold" Value="1000"', text)
        )
    return folder


def test_check_tells_all_of_the_example_and_nothing_is_wrong() -> None:
    done = headrace("check", "Shop.loadtest", folder=EXAMPLE, COLUMNS="200")
    assert done.returncode == 0, done.stdout
    for said in (
        "Shop.loadtest: 0:00:20 of load",
        "2 scenarios, 2 tests, 18 steps, 7 requests, 1 data source, 4 thresholds",
        "steps: 2 to 8 users, 8 at most",
        "'Buy' 70 %, 'Look' 30 % of the tests started",
        "'Internet Explorer 11.0' 60 %, 'Chrome 2' 40 %",
        "transaction 'Log in'",
        "page POST {{WebServer1}}/login, form body, 2 validations",
        "if a chance of 50 % comes true",
        "repeat 2 times",
        "LoadTest:Page: Avg. Page Time",
        "setup.sh, for 0:05:00 at most",
    ):
        assert said in done.stdout
    assert "warning:" not in done.stdout
    assert "error:" not in done.stdout


def test_the_example_runs_against_the_demo_site(tmp_path: Path) -> None:
    with demo_site() as address:
        folder = example(tmp_path, address)
        done = headrace("run", "Shop.loadtest", "--allow-scripts", "--duration", "4s", "--json", "out.json", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    out = read_json(folder / "out.json")
    assert out["run"]["name"] == "Shop.loadtest"
    assert out["summary"]["overallRequestSummary"]["failedRequests"] == 0
    assert out["summary"]["overallTestSummary"]["passedTests"] > 0
    assert "The shop is open: 200" in done.stdout
    assert "Log in" in done.stdout


def test_a_web_test_runs_alone(tmp_path: Path) -> None:
    with demo_site() as address:
        folder = example(tmp_path)
        (folder / "Shop.testsettings").unlink()
        arguments = ("--users", "2", "--duration", "2s", "--param", f"WebServer1={address}", "--json", "out.json")
        done = headrace("run", "Look.webtest", *arguments, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    out = read_json(folder / "out.json")
    assert out["run"]["runSpecificDetails"]["virtualUserCount"] == 2
    assert out["summary"]["overallRequestSummary"]["failedRequests"] == 0


def test_a_run_setting_is_chosen_by_its_name() -> None:
    assert "0:10:00 of load, after a warm-up of 0:01:00" in check("--run-config", "Long").stdout
    wrong = check("--run-config", "Longest")
    assert wrong.returncode == 1
    assert "'Longest'" in wrong.stdout
    assert "'Short'" in wrong.stdout


def check(*options: str, folder: Path = EXAMPLE) -> Done:
    return headrace("check", "Shop.loadtest", *options, folder=folder)


def test_that_there_are_too_many_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = example(tmp_path)
    _, findings = read_test(folder / "Look.webtest", TargetRule())
    monkeypatch.setattr(disk_folder, "MOST_NAMES", 3)
    monkeypatch.setattr(plan_file, "MOST_NAMES", 3)
    _, more = read_test(folder / "Look.webtest", TargetRule())
    assert [finding.message for finding in more if finding not in findings] == [
        "There are over 3 files around Look.webtest; of those deepest in their folders not all are seen."
    ]


def test_plug_ins_are_refused_and_can_be_ignored(tmp_path: Path) -> None:
    folder = example(tmp_path)
    text = (folder / "Look.webtest").read_text()
    plugin = '<WebTestPlugins><WebTestPlugin Classname="Shop.Unique, Shop" /></WebTestPlugins>\n</WebTest>'
    (folder / "Look.webtest").write_text(text.replace("</WebTest>", plugin))
    refused = check(folder=folder)
    assert refused.returncode == 1
    assert "error: Look.webtest, line" in refused.stdout
    assert "--ignore-plugins" in refused.stdout
    run = headrace("run", "Shop.loadtest", folder=folder)
    assert (run.returncode, "error: Look.webtest, line" in run.stderr) == (2, True)
    ignored = check("--ignore-plugins", folder=folder)
    assert ignored.returncode == 0
    assert "warning: Look.webtest, line" in ignored.stdout
    printed = headrace("convert", "Shop.loadtest", "--ignore-plugins", "-o", "-", folder=folder)
    lines = printed.stdout.splitlines()
    at = lines.index("- name: Look")
    assert any("<WebTestPlugin Classname='Shop.Unique'>" in line for line in lines[at - 5 : at])


def test_what_the_reader_doubts_is_told_when_a_test_is_run(tmp_path: Path) -> None:
    with demo_site() as address:
        folder = example(tmp_path, address)
        text = (folder / "Look.webtest").read_text()
        (folder / "Look.webtest").write_text(
            text.replace("<Items>", '<Items Colour="red">', 1).replace("<Items ", "<Extra/><Items ", 1)
        )
        done = headrace("run", "Look.webtest", "--duration", "1s", "--allow-scripts", folder=folder)
        quiet = headrace("run", "Look.webtest", "--duration", "1s", "--allow-scripts", "--quiet", folder=folder)
    assert "warning: Look.webtest, line 3, <Extra>" in done.stderr
    assert quiet.stderr == ""


def test_the_example_is_converted_with_its_comments_and_files_beside_it(tmp_path: Path) -> None:
    for name in ("from", "to"):
        (tmp_path / name).mkdir()
    folder = example(tmp_path / "from")
    done = headrace("convert", str(folder / "Shop.loadtest"), "-o", "to/shop.yaml", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Wrote to/shop.yaml\nWrote to/setup.sh\n", "")
    text = (tmp_path / "to" / "shop.yaml").read_text()
    for said in (
        "# Made from Shop.loadtest by `headrace convert`.",
        "# A customer logs in, looks at an item and may buy it.\n- name: Buy\n",
        "  # The form has a hidden token, which comes back with the form.\n  - step: transaction\n    name: Log in\n",
        "  # Every second customer buys what they looked at.\n  # note: Buy.webtest, line 58,",
        "fields: {user: '{{Users.Name}}', password: '{{Users.Password}}', token: '{{$HIDDEN1.token}}'}",
        "# Secret: the column 'Users.Password'.",
        "- {name: setup.sh, file: setup.sh}",
    ):
        assert said in text
    assert headrace("check", "shop.yaml", folder=tmp_path / "to").returncode == 0


@with_corpus
@collected
def test_what_others_made_comes_back_from_a_plan_as_it_was_read(file: Path) -> None:
    plan, findings = read_test(file, TargetRule())
    if plan is None:
        assert findings
        return
    tidy = tidied(plan)
    apart, beside = set_apart(tidy, "kept.yaml")
    text = plan_text(file.name, apart, remarks_on(file, plan, findings, AS_WRITTEN))
    again, more = read_plan(text, "kept.yaml", TargetRule(), beside.__getitem__)
    assert more == []
    assert again == tidy
    assert len(check_plan(tidy)) == len(check_plan(plan))


@with_corpus
@pytest.mark.parametrize(
    "file", [file for file in FILES if file.suffix == ".webtest"], ids=lambda file: str(file.relative_to(CORPUS))
)
def test_what_others_wrote_beside_their_tests_is_kept(file: Path) -> None:
    plan, findings = read_test(file, TargetRule())
    assert plan is not None
    folder, name = open_folder(file)
    text = " ".join(plan_text(name, plan, remarks_on(file, plan, findings, AS_WRITTEN)).replace("#", " ").split())
    for comment in comments(parse_xml(folder.read(name))):
        assert " ".join(comment.replace("#", " ").split()) in text


def comments(element: Element) -> list[str]:
    own = [element.attributes["CommentText"]] if element.name == "Comment" else []
    return own + [text for child in element.children for text in comments(child)]


@with_corpus
def test_the_table_of_what_others_made_is_what_is_found() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "count-visual-studio", CORPUS], capture_output=True, text=True, check=True
    )
    document = (ROOT / "docs" / "visual-studio.md").read_text()
    table = document.partition("<!-- count-visual-studio -->\n")[2].partition("<!-- /count-visual-studio -->")[0]
    assert done.stdout.strip() == table.strip()
