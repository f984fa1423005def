"""Rules of Visual Studio as they stand in a web test."""

from xml.sax.saxutils import quoteattr

from headrace.plan.readers.visual_studio.reading import Choices, Reading
from headrace.plan.readers.visual_studio.xml_tree import Element, parse_xml

NAMESPACE = "Microsoft.VisualStudio.TestTools.WebTesting.Rules"
ASSEMBLY = "Microsoft.VisualStudio.QualityTools.WebTestFramework, Version=10.0.0.0, Culture=neutral"


def rule(element: str, kind: str, attributes: str = "", /, **parameters: object) -> Element:
    """A rule by the name of its class, built in where it has no namespace, and its parameters."""
    name = kind if "." in kind else f"{NAMESPACE}.{kind}"
    written = "".join(
        f"<RuleParameter Name={quoteattr(name)} Value={quoteattr(str(value))} />" for name, value in parameters.items()
    )
    inside = f"\n<RuleParameters>{written}</RuleParameters>\n"
    return parse_xml(f'<{element} Classname="{name}, {ASSEMBLY}" {attributes}>{inside}</{element}>'.encode())


def extraction(
    kind: str, attributes: str = 'VariableName="v" DisplayName="Texte extrahieren" Description=""', /, **more: object
) -> Element:
    return rule("ExtractionRule", kind, attributes, **more)


def validation(kind: str, attributes: str = 'DisplayName="" Description="" Level="High"', /, **more: object) -> Element:
    return rule("ValidationRule", kind, attributes, **more)


def condition(kind: str, attributes: str = "", /, **more: object) -> Element:
    return rule("ConditionalRule", kind, attributes, **more)


def request(attributes: str = "") -> Element:
    return parse_xml(f'<Request Method="GET" Url="http://shop.test/cart?id=1" {attributes} />'.encode())


def reading(ignore_plugins: bool = False) -> Reading:
    return Reading("Buy.webtest", Choices(ignore_plugins))


def told(reading: Reading) -> list[str]:
    """The findings, each with its severity before it."""
    return [f"{finding.severity}: {finding.message}" for finding in reading.findings]
