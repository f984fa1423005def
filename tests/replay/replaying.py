"""Web tests, and load tests of one user, read as `headrace` reads them and run against the recorder."""

from pathlib import Path
from shutil import copyfile

import trustme
from msgspec.structs import replace

from headrace.plan.checks import check_plan
from headrace.plan.diagnostics import Severity
from headrace.plan.load import Constant
from headrace.plan.model import Browser, BrowserShare, Plan, Scenario, TestShare, Tls
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.web_test import WebTest, read_web_test
from headrace.plan.targets import TargetRule
from tests.engine.running import Outcome, run
from tests.replay.dialogue import Golden, Message
from tests.replay.recorder import recording

CORPUS = Path(__file__).parents[3] / "shared/corpus/visual-studio"
OWN = Path(__file__).parent / "own"
GOLDENS = sorted((Path(__file__).parent / "golden").glob("*.txt"))

_AUTHORITY = trustme.CA()
# "browser headers absent": a web test alone has no browser mix
_NO_BROWSER = BrowserShare(Browser("none", ()), 1.0)


def of_corpus(golden: Golden) -> bool:
    return "/" in golden.test


def lay_out(golden: Golden, folder: Path) -> str:
    """Copies a golden's web test into a folder, and writes the files that it needs. Returns the name of the web test."""
    sources = [CORPUS / golden.test] if of_corpus(golden) else sorted(OWN.iterdir())
    for source in sources:
        copyfile(source, folder / source.name)
    for name, content in golden.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Path(golden.test).name


def folder_of(path: Path) -> Folder:
    names = tuple(file.relative_to(path).as_posix() for file in sorted(path.rglob("*")) if file.is_file())
    return Folder(names, lambda name: (path / name).read_bytes())


def read_without_pauses(path: Path, name: str, ignore_plugins: bool) -> WebTest:
    """A web test that has nothing against being run, and does not think."""
    surroundings = Surroundings(Choices(ignore_plugins=ignore_plugins), think_time=lambda seconds: 0.0)
    test, findings = read_web_test(folder_of(path), name, Path(name).stem, surroundings)
    assert [one.message for one in findings if one.severity is Severity.ERROR] == []
    assert test is not None
    return test


def read_load_test_of_one(path: Path, name: str) -> Plan:
    """A load test that has nothing against being run, and is over after a few iterations."""
    plan, findings = read_visual_studio(folder_of(path), name, Choices(), TargetRule())
    assert [one.message for one in findings if one.severity is Severity.ERROR] == []
    assert plan is not None
    return plan


def plan_of(web_test: WebTest) -> Plan:
    """One user who does a web test once."""
    scenario = Scenario("Replay", (TestShare(web_test.test.name),), Constant(1), (_NO_BROWSER,), iterations=1)
    return Plan("replay", (web_test.test,), (scenario,), duration=30.0, data=web_test.data)


async def replay(golden: Golden, folder: Path) -> tuple[list[Message], Outcome]:
    """What arrived, and what results say."""
    name = lay_out(golden, folder)
    if name.endswith(".loadtest"):
        plan = read_load_test_of_one(folder, name)
    else:
        plan = plan_of(read_without_pauses(folder, name, golden.ignore_plugins))
    async with recording(golden.exchanges, _AUTHORITY) as recorder:
        plan = replace(plan, proxy=recorder.proxy, tls=Tls(authorities=_AUTHORITY.cert_pem.bytes().decode()))
        assert [one.message for one in check_plan(plan) if one.severity is Severity.ERROR] == []
        outcome = await run(plan)
    return recorder.arrived, outcome
