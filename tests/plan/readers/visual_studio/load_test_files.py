"""Small files of Visual Studio for tests: what matters is given, the rest is as the editor writes it."""

from collections.abc import Mapping

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.reading import Choices, Reading
from headrace.plan.readers.visual_studio.xml_tree import Element, parse_xml

NAMESPACE = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"
WEB_TEST_TYPE = (
    "Microsoft.VisualStudio.TestTools.WebStress.DeclarativeWebTestElement, "
    "Microsoft.VisualStudio.QualityTools.LoadTest, Version=10.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a"
)
CONSTANT = '<LoadProfile Pattern="Constant" InitialUsers="25" />'


def tree(text: str) -> Element:
    return parse_xml(text.encode())


def new_reading(choices: Choices | None = None) -> Reading:
    return Reading("Shop.loadtest", choices or Choices())


def messages(findings: list[Diagnostic], severity: Severity | None = None) -> list[str]:
    return [finding.message for finding in findings if severity in (None, finding.severity)]


def folder_of(files: Mapping[str, str | bytes]) -> Folder:
    def read(name: str) -> bytes:
        content = files[name]
        return content.encode() if isinstance(content, str) else content

    return Folder(tuple(files), read)


def profile(name: str, path: str = "", share: float = 100, identity: str = "", kind: str = WEB_TEST_TYPE) -> str:
    path = path or f"{name.lower()}.webtest"
    return f'<TestProfile Name="{name}" Path="{path}" Id="{identity}" Percentage="{share}" Type="{kind}" />'


def scenario(
    *profiles: str,
    name: str = "Scenario1",
    attributes: str = "",
    think: str = '<ThinkProfile Value="0.2" Pattern="NormalDistribution" />',
    load: str = CONSTANT,
    more: str = "",
) -> str:
    mix = "".join(profiles or (profile("Buy"),))
    return f'<Scenario Name="{name}" {attributes}>{think}{load}<TestMix>{mix}</TestMix>{more}</Scenario>'


def run_setting(attributes: str = 'RunDuration="600"', inside: str = "", name: str = "Run Settings1") -> str:
    return f'<RunConfiguration Name="{name}" {attributes}>{inside}</RunConfiguration>'


def load_test(*scenarios: str, settings: str = "", sets: str = "", more: str = "", attributes: str = "") -> str:
    """A whole `.loadtest`, with the mark of UTF-8 before it and Windows line ends."""
    text = f"""\ufeff<?xml version="1.0" encoding="utf-8"?>
<LoadTest Name="old name" CurrentRunConfig="Run Settings1" {attributes} xmlns="{NAMESPACE}">
  <Scenarios>{"".join(scenarios or (scenario(),))}</Scenarios>
  <CounterSets>{sets}</CounterSets>
  <RunConfigurations>{settings or run_setting()}</RunConfigurations>{more}
</LoadTest>"""
    return text.replace("\n", "\r\n")


def web_test(url: str = "http://shop.test/", think: float = 0, identity: str = "", proxy: str = "default") -> str:
    return f"""\ufeff<?xml version="1.0" encoding="utf-8"?>
<WebTest Name="WebTest1" Id="{identity}" Proxy="{proxy}" xmlns="{NAMESPACE}">
  <Items><Request Method="GET" Version="1.1" Url="{url}" ThinkTime="{think}" Timeout="300" /></Items>
</WebTest>"""
