"""Web tests as texts, and folders with them."""

import base64
from collections.abc import Mapping

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.web_test import WebTest, read_web_test
from headrace.plan.requests import Page, Request
from headrace.plan.steps import Step

NAMESPACE = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"
URL = "http://shop.test/"
# Its dependents are not looked for, so that it is a Request and no Page.
PLAIN = f'<Request Url="{URL}" ParseDependentRequests="False"/>'
ALONE = Surroundings()
IGNORING = Surroundings(choices=Choices(ignore_plugins=True))


def web_test(items: str = PLAIN, more: str = "", attributes: str = "") -> str:
    """A file with these items, these further children of its root, and these attributes of it."""
    return f'<WebTest Name="Buy" Id="A-1" {attributes} xmlns="{NAMESPACE}"><Items>{items}</Items>{more}</WebTest>'


def request(inside: str = "", attributes: str = "", url: str = URL) -> str:
    return f'<Request Url="{url}" ParseDependentRequests="False" {attributes}>{inside}</Request>'


def utf_16(text: str) -> str:
    """A text as a StringHttpBody has it."""
    return base64.b64encode(text.encode("utf-16-le")).decode()


def folder(files: Mapping[str, str | bytes]) -> Folder:
    def read(name: str) -> bytes:
        content = files[name]
        return content.encode() if isinstance(content, str) else content

    return Folder(tuple(files), read)


def read(
    text: str | bytes, files: Mapping[str, str | bytes] | None = None, surroundings: Surroundings = ALONE
) -> tuple[WebTest | None, list[Diagnostic]]:
    """The web test of a text, in a folder with further files; it is called Shop."""
    return read_web_test(folder({"buy.webtest": text, **(files or {})}), "buy.webtest", "Shop", surroundings)


def understood(
    text: str | bytes, files: Mapping[str, str | bytes] | None = None, surroundings: Surroundings = ALONE
) -> WebTest:
    """The web test of a text about which there is nothing to say."""
    test, found = read(text, files, surroundings)
    assert [each.message for each in found] == []
    assert test is not None
    return test


def steps_of(items: str, more: str = "", files: Mapping[str, str | bytes] | None = None) -> tuple[Step, ...]:
    return understood(web_test(items, more), files).test.steps


def request_of(inside: str = "", attributes: str = "", more: str = "", url: str = URL) -> Request:
    """The request that a `<Request>` becomes."""
    (step,) = steps_of(request(inside, attributes, url), more)
    assert isinstance(step, Request)
    return step


def page_of(element: str) -> Page:
    (step,) = steps_of(element)
    assert isinstance(step, Page)
    return step


def told(
    severity: Severity,
    text: str | bytes,
    files: Mapping[str, str | bytes] | None = None,
    surroundings: Surroundings = ALONE,
) -> list[str]:
    """What there is to say of this severity."""
    return [each.message for each in read(text, files, surroundings)[1] if each.severity is severity]


def errors(text: str | bytes, files: Mapping[str, str | bytes] | None = None) -> list[str]:
    return told(Severity.ERROR, text, files)


def warnings(text: str | bytes, files: Mapping[str, str | bytes] | None = None) -> list[str]:
    return told(Severity.WARNING, text, files)
