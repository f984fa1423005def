"""One Visual Studio file being read: its attributes by type, and all that there is to say about it.

Booleans are written `True` or `true`, numbers with a point (reference: visual-studio-formats, general parse rules).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.urls import without_login

MOST_FINDINGS = 200  # of one file
_SHOWN = 80
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user says beside the files.

    `ignore_plugins`: tests are run without the plug-ins and rules of their authors' own, which need .NET. `parameters` are
    context parameters that go before those of the files. `run_configuration` is the run setting to use ("": the active one).
    """

    ignore_plugins: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    run_configuration: str = ""


class Reading:
    """`file` is what messages call the file. Findings are kept in the order in which they are made."""

    def __init__(self, file: str, choices: Choices) -> None:
        self.file = file
        self.choices = choices
        self.findings: list[Diagnostic] = []

    def error(self, element: Element, text: str) -> None:
        """What keeps the test from running. `text` says what is wrong and what to do, without a full stop."""
        self._find(Severity.ERROR, element, text)

    def warn(self, element: Element, text: str) -> None:
        """What has another effect than its author expects."""
        self._find(Severity.WARNING, element, text)

    def tell(self, element: Element, text: str) -> None:
        """What has no effect here, and nobody will miss."""
        self._find(Severity.INFO, element, text)

    def refuse_plugin(self, element: Element, text: str) -> None:
        """What needs .NET: an error, unless the user would rather go without."""
        if self.choices.ignore_plugins:
            self.warn(element, f"{text}; it is left out, as was asked for")
        else:
            self.error(element, f"{text}. Take it out, or run the test without it by --ignore-plugins")

    def text(self, element: Element, attribute: str, default: str = "") -> str:
        return element.attributes.get(attribute, default)

    def flag(self, element: Element, attribute: str, default: bool = False) -> bool:
        written = self.text(element, attribute).strip()
        if not written:
            return default
        known = {"true": True, "1": True, "false": False, "0": False}.get(written.lower())
        if known is None:
            self.error(element, f"{attribute} is {shown(written)}; give True or False")
            return default
        return known

    def number(
        self, element: Element, attribute: str, default: float = 0.0, least: float = -inf, most: float = inf
    ) -> float:
        """A finite number from `least` to `most`; what is none is an error."""
        written = self.text(element, attribute).strip()
        if not written:
            return default
        try:
            value = float(written)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            self.error(element, f"{attribute} is {shown(written)}; give a number such as 0.5")
            return default
        return value if self._within(element, attribute, value, least, most) else default

    def whole(self, element: Element, attribute: str, default: int = 0, least: float = -inf, most: float = inf) -> int:
        """A whole number from `least` to `most`; what is none is an error."""
        written = self.text(element, attribute).strip()
        if not written:
            return default
        if not _WHOLE.fullmatch(written):
            self.error(element, f"{attribute} is {shown(written)}; give a whole number")
            return default
        return int(written) if self._within(element, attribute, int(written), least, most) else default

    def expect(self, element: Element, attributes: Collection[str], children: Collection[str] | None = None) -> None:
        """Warns of attributes and, where `children` is given, of child elements that are not among these."""
        for name, value in element.attributes.items():
            if name not in attributes:
                self.warn(element, f"{name}={shown(value)} is not known and has no effect")
        if children is not None:
            for child in element.children:
                if child.name not in children:
                    self.warn(child, "is not known and has no effect")

    def take(self, findings: Iterable[Diagnostic]) -> None:
        """Takes over what was found elsewhere. What is found again, such as a rule of all requests, is told once."""
        for finding in findings:
            if finding in self.findings:
                continue
            if len(self.findings) < MOST_FINDINGS:
                self.findings.append(finding)
            elif len(self.findings) == MOST_FINDINGS:
                severity = Severity.ERROR if finding.severity is Severity.ERROR else Severity.WARNING
                more = f"{self.file}: there is more; it is told when this is put right."
                self.findings.append(Diagnostic(severity, more))
            elif finding.severity is Severity.ERROR and self.findings[-1].severity is not Severity.ERROR:
                self.findings[-1] = Diagnostic(Severity.ERROR, self.findings[-1].message)

    def _within(self, element: Element, attribute: str, value: float, least: float, most: float) -> bool:
        if least <= value <= most:
            return True
        bounds = f"{least:.12g} to {most:.12g}"
        if most == inf or least == -inf:
            bounds = f"{least:.12g} or more" if most == inf else f"{most:.12g} or less"
        self.error(element, f"{attribute} is {value:.12g}; give {bounds}")
        return False

    def _find(self, severity: Severity, element: Element, text: str) -> None:
        message = f"{self.file}, line {element.line}, {label(element)}: {text}."
        self.take([Diagnostic(severity, message, self.file, element.line)])


def class_name(assembly_qualified: str) -> str:
    """`Namespace.Class` of an assembly-qualified name of .NET."""
    return assembly_qualified.partition(",")[0].strip()


def label(element: Element) -> str:
    """An element as a message names it, by what tells it from its like."""
    for attribute in ("Name", "Url", "VariableName", "CommentText", "Classname"):
        value = element.attributes.get(attribute)
        if value:
            value = class_name(value) if attribute == "Classname" else without_login(value)
            return f"<{element.name} {attribute}={shown(value)}>"
    return f"<{element.name}>"


def shown(text: str) -> str:
    """A value for a message: printable, and not too long."""
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "'" + "".join(char if char.isprintable() else "�" for char in text) + "'"
