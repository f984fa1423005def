"""Test references: which web test a load test means, and what kinds of tests it cannot mean here.

Paths are those of the author's machine, often stale, which the id of the web test is not (reference: visual-studio-formats,
section 4).
"""

from dataclasses import dataclass, field

from headrace.plan.checks import MOST_STEPS, MOST_TESTS
from headrace.plan.data import DataSource
from headrace.plan.diagnostics import Diagnostic
from headrace.plan.model import Test
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.names import unique_name
from headrace.plan.readers.visual_studio.reading import Reading, class_name, shown
from headrace.plan.readers.visual_studio.run_configurations import RunSetting
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.think_profiles import ThinkProfile
from headrace.plan.readers.visual_studio.web_test import read_web_test, web_test_id
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.walk import walk

MOST_SEARCHED = 1000  # web tests that are looked into for an id
MOST_READ = 256 * 1024 * 1024  # bytes of all web tests and their data, a file as often as it is read for another use
_WEB_TEST = "Microsoft.VisualStudio.TestTools.WebStress.DeclarativeWebTestElement"
_KINDS = {
    "Microsoft.VisualStudio.TestTools.WebStress.CodedWebTestElement": "a coded web test",
    "Microsoft.VisualStudio.TestTools.TestTypes.Unit.UnitTestElement": "a unit test",
    "Microsoft.VisualStudio.TestTools.TestTypes.Ordered.OrderedTestElement": "an ordered test",
    "Microsoft.VisualStudio.TestTools.TestTypes.Generic.GenericTest": "a generic test",
}


@dataclass(frozen=True, slots=True)
class _Use:
    """A web test as a scenario uses it. What is the same is one test in the plan."""

    file: str
    name: str
    think: ThinkProfile
    lasting: bool


@dataclass(slots=True)
class WebTests:
    """The web tests of the load test in `file`, each read once for the same use.

    `files` are theirs, by the names of the tests; `proxies` are those that they name.
    """

    folder: Folder
    file: str
    reading: Reading
    setting: RunSetting
    tests: list[Test] = field(default_factory=list)
    data: list[DataSource] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    proxies: set[str] = field(default_factory=set)
    findings: list[Diagnostic] = field(default_factory=list)
    _names: dict[_Use, str | None] = field(default_factory=dict)  # None: it cannot be read
    _steps: int = 0  # of all tests
    _bytes: int = 0  # that were read
    _ids: dict[str, str] | None = None

    def take(self, profile: Element, scenario: str, think: ThinkProfile, lasting: bool = False) -> str | None:
        """The name in the plan of the test that a TestProfile refers to; None, and an error, where there is none to run."""
        reading = self.reading
        reading.expect(profile, ("Name", "Path", "Id", "Percentage", "Type"), ())
        kind = class_name(reading.text(profile, "Type"))
        if kind not in ("", _WEB_TEST):
            what = _KINDS.get(kind, f"a test of the type {shown(kind)}")
            remedy = "record it as a web test (.webtest), or take it out of the load test"
            reading.error(profile, f"it is {what}, {shown(reading.text(profile, 'Path'))}, which needs .NET; {remedy}")
            return None
        file = self._resolve(profile)
        if file is None:
            return None
        stem = file.rpartition("/")[2].rpartition(".")[0] or file
        use = _Use(file, reading.text(profile, "Name").strip() or stem, think, lasting)
        if use not in self._names:
            if self._steps > MOST_STEPS or self._bytes > MOST_READ:
                return None  # which was told; a test that many scenarios use in their own ways may be a large one
            if len(self._names) == MOST_TESTS:
                reading.error(profile, f"it is one of more than {MOST_TESTS} different tests; use fewer")
                return None
            self._names[use] = self._read(use, scenario, stem)
            if self._steps > MOST_STEPS:
                reading.error(
                    profile, f"with it the tests have over {MOST_STEPS} steps together; use fewer, or shorter ones"
                )
            elif self._bytes > MOST_READ:
                mib = MOST_READ // 1024 // 1024
                reading.error(profile, f"with it over {mib} MiB of web tests and data are read; use fewer, or smaller ones")
        return self._names[use]

    def _read(self, use: _Use, scenario: str, stem: str) -> str | None:
        taken = {test.name for test in self.tests}
        name = unique_name(use.name, taken, stem)
        if name != unique_name(use.name, (), stem):
            name = unique_name(f"{use.name} ({scenario})", taken, stem)
        setting = self.setting
        around = Surroundings(self.reading.choices, setting.level, use.think.pause, setting.parameters, use.lasting)
        web_test, findings = read_web_test(Folder(self.folder.names, self._measure), use.file, name, around)
        self.findings += findings
        if web_test is None:
            return None
        self._steps += sum(1 for _ in walk(web_test.test.steps))
        self.tests.append(web_test.test)
        self.data += web_test.data
        self.files[name] = use.file
        self.proxies.add(web_test.proxy)
        return name

    def _measure(self, name: str) -> bytes:
        content = self.folder.read(name)
        self._bytes += len(content)
        return content

    def _resolve(self, profile: Element) -> str | None:
        """The file that is meant: by its path, by its id, by its name alone."""
        path, wanted = self.reading.text(profile, "Path"), self.reading.text(profile, "Id").strip().lower()
        found = self.folder.at(path, self.file)
        if found is not None:
            return found
        if self._ids is None:
            self._ids = self._read_ids()
        found = self._ids.get(wanted) if wanted else None
        if found is None:
            found = self.folder.find(path, self.file)
            if found is not None:
                self.reading.tell(profile, f"Path is {shown(path)}, which there is not; {found} of the same name is taken")
        if found is None:
            self.reading.error(
                profile, f"Path is {shown(path)}, and no file has this path, name or Id; put it into the folder"
            )
        return found

    def _read_ids(self) -> dict[str, str]:
        ids: dict[str, str] = {}
        for number, file in enumerate(self.folder.ending(".webtest")):
            if number == MOST_SEARCHED:
                break
            found = web_test_id(self.folder, file)
            if found:
                ids.setdefault(found.strip().lower(), file)
        return ids
