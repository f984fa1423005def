"""visual_studio/test_settings.py: scripts, and the files that they find beside them."""

import pytest

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.test_settings import TestSettings, read_test_settings
from headrace.plan.script_checks import LARGEST_FILES, MOST_FILES
from headrace.plan.scripts import AttachedFile, Script
from tests.plan.readers.visual_studio.load_test_files import NAMESPACE, folder_of, messages

SH = "#!/bin/sh\necho begin\n"
SETUP = '<Scripts setupScript="c:\\work\\Prepare.sh" />'


def settings(inside: str = "") -> str:
    """What Visual Studio makes, and a little more."""
    return f"""\ufeff<?xml version="1.0" encoding="UTF-8"?>
<TestSettings name="Local" id="0f13bdcf-a147-4484-a418-ef5c8227c7aa" xmlns="{NAMESPACE}">
  <Description>These are default test settings for a local test run.</Description>
  {inside}
  <Execution hostProcessPlatform="MSIL">
    <TestTypeSpecific />
    <AgentRule name="Execution Agents"></AgentRule>
  </Execution>
  <Properties><Property name="TestSettingsUIType" value="UnitTest" /></Properties>
</TestSettings>"""


def read(files: dict[str, str | bytes], inside: str = "") -> tuple[TestSettings, list[Diagnostic]]:
    return read_test_settings(folder_of({"Local.testsettings": settings(inside), **files}), Choices())


def test_without_a_file_there_is_nothing() -> None:
    assert read_test_settings(folder_of({"Shop.loadtest": ""}), Choices()) == (TestSettings(), [])


def test_the_usual_file_says_nothing() -> None:
    assert read({}, '<Deployment enabled="false" />') == (TestSettings(), [])


def test_scripts_are_found_by_the_files_name_and_quoted_for_a_shell() -> None:
    read_, findings = read(
        {"Scripts/prepare.SH": SH, "Scripts/tidy up.py": "print()"},
        '<Scripts setupScript="C:\\Users\\ann\\Prepare.sh" cleanupScript="scripts\\tidy up.py" />',
    )
    assert read_ == TestSettings(
        Script("prepare.SH"),
        Script("'tidy up.py'"),
        (AttachedFile("prepare.SH", SH.encode()), AttachedFile("tidy up.py", b"print()")),
    )
    assert findings == []


def test_one_script_may_do_both() -> None:
    read_, findings = read({"both.sh": SH}, '<Scripts setupScript="both.sh" cleanupScript="BOTH.sh" />')
    assert read_ == TestSettings(Script("both.sh"), Script("both.sh"), (AttachedFile("both.sh", SH.encode()),))
    assert findings == []


@pytest.mark.parametrize("name", ["a.sh", "a.py", "a.ps1", "a"])
def test_what_can_run_on_linux(name: str) -> None:
    read_, findings = read({name: SH}, f'<Scripts cleanupScript="{name}" />')
    assert read_.cleanup == Script(name)
    assert findings == []


@pytest.mark.parametrize("name", ["a.bat", "A.CMD", "a.exe", "a"])
def test_what_cannot_is_refused_with_the_remedy(name: str) -> None:
    read_, findings = read({name: "echo begin"}, f'<Scripts setupScript="{name}" />')
    assert read_ == TestSettings()
    (told,) = messages(findings, Severity.ERROR)
    assert told.startswith(f"Local.testsettings, line 4, <Scripts>: setupScript is '{name}', which cannot be run: ")
    assert "#!/bin/sh" in told or "write it as a script for sh (.sh), Python (.py) or PowerShell (.ps1)" in told


def test_a_script_that_is_not_there_is_an_error() -> None:
    _, findings = read({}, SETUP)
    (told,) = messages(findings, Severity.ERROR)
    assert told.endswith("setupScript is 'c:\\work\\Prepare.sh', and no file in the folder has this name; put it there.")


def test_deployed_files_lie_beside_the_scripts() -> None:
    items = (
        '<DeploymentItem filename="Data\\Users.csv" /><DeploymentItem filename=".\\Tools\\" outputDirectory="bin\\tools" />'
        '<DeploymentItem filename="missing.dll" />'
    )
    files: dict[str, str | bytes] = {"prepare.sh": SH, "data/users.csv": b"a\n", "x.txt": b"x"}
    deployed = {**files, "Tools/one.py": b"1", "Tools/sub/two.py": b"2"}
    read_, findings = read(deployed, f"{SETUP}<Deployment>{items.replace('..', '.')}</Deployment>")
    assert [file.name for file in read_.files] == [
        "prepare.sh",
        "users.csv",
        "bin/tools/one.py",
        "bin/tools/sub/two.py",
    ]
    (told,) = messages(findings)
    assert told.endswith("filename is 'missing.dll', and no file in the folder has this name; scripts go without it.")
    without_scripts, findings = read(deployed, f"<Deployment>{items}</Deployment>")
    assert (without_scripts, findings) == (TestSettings(), [])
    switched_off, _ = read(deployed, f'{SETUP}<Deployment enabled="false">{items}</Deployment>')
    assert [file.name for file in switched_off.files] == ["prepare.sh"]


def test_what_is_attached_is_bounded() -> None:
    everything = f'{SETUP}<Deployment><DeploymentItem filename="all" /></Deployment>'
    many: dict[str, str | bytes] = {"prepare.sh": SH, **{f"all/{number}": b"" for number in range(MOST_FILES)}}
    read_, findings = read(many, everything)
    assert len(read_.files) == MOST_FILES
    assert "more than 100 files beside them; deploy fewer" in messages(findings, Severity.ERROR)[0]
    large: dict[str, str | bytes] = {"prepare.sh": SH, "all/1": bytes(LARGEST_FILES)}
    read_, findings = read(large, everything)
    assert [file.name for file in read_.files] == ["prepare.sh"]
    assert f"are over {LARGEST_FILES} bytes; deploy fewer" in messages(findings, Severity.ERROR)[0]


def test_of_several_files_the_one_that_visual_studio_uses_is_meant() -> None:
    with_script = settings('<Scripts setupScript="a.sh" />')
    folder = folder_of({"Load.testsettings": settings(), "LOCAL.testsettings": with_script, "a.sh": SH})
    read_, findings = read_test_settings(folder, Choices())
    assert read_.setup == Script("a.sh")
    (told,) = messages(findings, Severity.INFO)
    assert told.endswith("it is used, and other such files are not: Load.testsettings.")
    deeper = folder_of({"Local.testsettings": with_script, "old/Local.testsettings": settings(), "a.sh": SH})
    assert read_test_settings(deeper, Choices())[0].setup == Script("a.sh")
    only = folder_of({"sub/My.testsettings": with_script, "a.sh": SH})
    assert read_test_settings(only, Choices())[0].setup == Script("a.sh")


def test_where_nobody_knows_which_is_meant_none_is_used_and_that_is_said() -> None:
    folder = folder_of({"A.testsettings": settings(SETUP), "B.testsettings": settings(SETUP)})
    read_, findings = read_test_settings(folder, Choices())
    assert read_ == TestSettings()
    (told,) = messages(findings, Severity.WARNING)
    assert "there are several such files (A.testsettings, B.testsettings), and none is used; leave one" in told


def test_data_collectors_are_told_once_and_unknown_parts_too() -> None:
    collectors = '<DataCollectors><DataCollector uri="a" /><DataCollector uri="b" /></DataCollectors>'
    text = settings("<Weather />").replace("></AgentRule>", f">{collectors}</AgentRule>")
    _, findings = read_test_settings(folder_of({"Local.testsettings": text}), Choices())
    assert [(finding.severity, finding.message.partition(">: ")[2]) for finding in findings] == [
        (Severity.WARNING, "is not known and has no effect."),
        (Severity.INFO, "data collectors are programs of Windows; what they would collect is not collected."),
    ]


@pytest.mark.parametrize("text", ["", "<TestSettings>", "<LoadTest />", "<!DOCTYPE a><TestSettings />"])
def test_what_is_no_such_file_is_an_error(text: str) -> None:
    read_, findings = read_test_settings(folder_of({"Local.testsettings": text}), Choices())
    assert read_ == TestSettings()
    assert len(messages(findings, Severity.ERROR)) == 1


def test_a_file_that_cannot_be_read_is_an_error() -> None:
    def read_nothing(name: str) -> bytes:
        raise OSError(13, "Permission denied")

    folder = folder_of({"Local.testsettings": ""})
    _, findings = read_test_settings(type(folder)(folder.names, read_nothing), Choices())
    assert messages(findings, Severity.ERROR) == [
        "Local.testsettings, line 1, <TestSettings>: the file cannot be read: Permission denied."
    ]
