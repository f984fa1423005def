"""Reads `.testsettings`: its scripts mean something without Visual Studio (reference: visual-studio-formats, 9).

It lies beside the projects of its author's solution and no load test names it: so the one that is in the folder is meant, of
several `Local.testsettings`, which Visual Studio makes and uses unless it is told otherwise. Deployment items are files that
Visual Studio would copy beside the tests. Web tests find their files anyway; scripts get them beside them.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from headrace.plan.diagnostics import Diagnostic
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.reading import Choices, Reading, shown
from headrace.plan.readers.visual_studio.roots import read_root
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.script_checks import LARGEST_FILES, MOST_FILES
from headrace.plan.scripts import AttachedFile, Script, interpreters

_USUAL = "local.testsettings"
_MOST_NAMED = 5
_CHILDREN = (
    "Description",
    "Scripts",
    "Deployment",
    "Execution",
    # What is of unit tests, of Visual Studio and of its rigs.
    "Properties",
    "RemoteController",
    "NamingScheme",
    "CollectionOnlyAgents",
)


@dataclass(frozen=True, slots=True)
class TestSettings:
    """The scripts, and the files that they find beside them; without scripts there are none."""

    __test__ = False  # not a pytest class

    setup: Script | None = None
    cleanup: Script | None = None
    files: tuple[AttachedFile, ...] = ()


def read_test_settings(folder: Folder, choices: Choices) -> tuple[TestSettings, list[Diagnostic]]:
    """The test settings in a folder, and what there is to say about them; without a file there is neither."""
    files = list(folder.ending(".testsettings"))
    if not files:
        return TestSettings(), []
    usual = [file for file in files if file.rpartition("/")[2].casefold() == _USUAL] or files
    others = [each for each in files if each != usual[0]]
    reading = Reading(usual[0], choices)
    if len(usual) > 1 and usual[1].count("/") == usual[0].count("/"):
        named = ", ".join(files[:_MOST_NAMED])
        reading.warn(Element("TestSettings", 1), f"there are several such files ({named}), and none is used; leave one")
        return TestSettings(), reading.findings
    if others:
        named = ", ".join(others[:_MOST_NAMED])
        reading.tell(Element("TestSettings", 1), f"it is used, and other such files are not: {named}")
    root = read_root(folder, usual[0], "TestSettings", reading)
    if root is None:
        return TestSettings(), reading.findings
    return _read(reading, folder, root), reading.findings


def _read(reading: Reading, folder: Folder, root: Element) -> TestSettings:
    for child in root.children:
        if child.name not in _CHILDREN:
            reading.warn(child, "is not known and has no effect")
    collectors = next(root.all("Execution", "AgentRule", "DataCollectors", "DataCollector"), None)
    if collectors is not None:
        reading.tell(collectors, "data collectors are programs of Windows; what they would collect is not collected")
    files: dict[str, AttachedFile] = {}
    setup, cleanup = (_read_script(reading, folder, root, name, files) for name in ("setupScript", "cleanupScript"))
    if setup is not None or cleanup is not None:
        for name, file in _deployed(reading, folder, root):
            if not _attach(reading, folder, name, file, files):
                break
    return TestSettings(setup, cleanup, tuple(files.values()))


def _read_script(
    reading: Reading, folder: Folder, root: Element, attribute: str, files: dict[str, AttachedFile]
) -> Script | None:
    """The script that an attribute of <Scripts> names, which goes to the files; None, and an error, where it cannot run."""
    element = root.first("Scripts")
    path = reading.text(element, attribute).strip() if element is not None else ""
    if element is None or not path:
        return None
    file = folder.find(path, reading.file)
    if file is None:
        reading.error(element, f"{attribute} is {shown(path)}, and no file in the folder has this name; put it there")
        return None
    name = file.rpartition("/")[2]
    if not _attach(reading, folder, name, file, files):
        return None
    try:
        interpreters(name, files[name.casefold()].content)
    except ValueError as error:
        reading.error(element, f"{attribute} is {shown(path)}, which cannot be run: {error}")
        del files[name.casefold()]
        return None
    return Script(shlex.quote(files[name.casefold()].name))


def _attach(reading: Reading, folder: Folder, name: str, file: str, files: dict[str, AttachedFile]) -> bool:
    """Adds a file under its name, where there is none of that name; False, and an error, where it cannot be had."""
    element = Element("TestSettings", 1)
    if name.casefold() in files:
        return True
    if len(files) >= MOST_FILES:
        reading.error(element, f"its scripts would have more than {MOST_FILES} files beside them; deploy fewer")
        return False
    try:
        content = folder.read(file)
    except (OSError, ValueError) as error:
        reading.error(element, f"the file {shown(file)} cannot be read: {getattr(error, 'strerror', None) or error}")
        return False
    if sum(len(each.content) for each in files.values()) + len(content) > LARGEST_FILES:
        reading.error(
            element, f"with {shown(file)} its scripts and their files are over {LARGEST_FILES} bytes; deploy fewer"
        )
        return False
    files[name.casefold()] = AttachedFile(name, content)
    return True


def _deployed(reading: Reading, folder: Folder, root: Element) -> Iterator[tuple[str, str]]:
    """Names beside the scripts, and names in the folder, of what is deployed: files, and all below a folder."""
    deployment = root.first("Deployment")
    if deployment is None or not reading.flag(deployment, "enabled", True):
        return
    for item in deployment.all("DeploymentItem"):
        path = reading.text(item, "filename").strip()
        into = [
            part for part in reading.text(item, "outputDirectory").replace("\\", "/").split("/") if part not in ("", ".")
        ]
        inside = folder.below(path, reading.file)
        file = None if inside else folder.find(path, reading.file)
        if not inside and file is None:
            reading.warn(item, f"filename is {shown(path)}, and no file in the folder has this name; scripts go without it")
        for name, within in inside:
            yield "/".join([*into, name]), within
        if file is not None:
            yield "/".join([*into, file.rpartition("/")[2]]), file
