"""The rules in other people's web tests: each that is Visual Studio's own is read, and there is nothing to say of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.engine.rules.extraction import compile_extraction
from headrace.engine.rules.validation import compile_validation
from headrace.plan.readers.visual_studio.extraction_rules import read_extraction
from headrace.plan.readers.visual_studio.rule_parameters import built_in_class
from headrace.plan.readers.visual_studio.surroundings import Level
from headrace.plan.readers.visual_studio.validation_rules import read_validation
from headrace.plan.readers.visual_studio.xml_tree import Element, parse_xml
from headrace.plan.rules import Scope
from tests.plan.readers.visual_studio.rules import reading, request, told

CORPUS = Path(__file__).parents[5] / "shared/corpus/visual-studio"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected files of Visual Studio (../shared) are not here")


def rules(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.name in ("ExtractionRule", "ValidationRule"):
            yield child
        yield from rules(child)


@pytest.mark.parametrize("path", sorted(CORPUS.rglob("*.webtest")), ids=lambda path: path.name)
def test_every_built_in_rule_that_was_collected_is_read_and_can_be_run(path: Path) -> None:
    findings = reading()
    refused = 0
    for rule in rules(parse_xml(path.read_bytes())):
        if rule.name == "ExtractionRule":
            extraction = read_extraction(findings, rule, str, Scope.ITERATION)
            if extraction is not None:
                compile_extraction(extraction)
        else:
            validation = read_validation(findings, rule, str, request('ResponseTimeGoal="1"'), Level.HIGH)
            if validation is not None:
                compile_validation(validation)
        refused += built_in_class(rule) is None
    assert len(told(findings)) == refused
    assert all("is code for .NET" in finding for finding in told(findings))
