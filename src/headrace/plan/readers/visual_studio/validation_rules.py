"""`<ValidationRule>`: what must be true of a response (reference: visual-studio-formats, 2.1).

A rule is judged where its level is not above the run's. Note the name of the attribute, `ExectuionOrder`: it is written so.
"""

from collections.abc import Callable

from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.rule_parameters import Bind, Parameters, built_in_class, refuse_class
from headrace.plan.readers.visual_studio.surroundings import Level
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.rules import (
    CheckAttribute,
    CheckFormField,
    CheckInnerText,
    CheckRegex,
    CheckResponseTime,
    CheckSelectedOption,
    CheckTag,
    CheckText,
    CheckUrl,
    Validation,
)

_ATTRIBUTES = ("Classname", "DisplayName", "Description", "Level", "ExectuionOrder")

# What does the same, by a word in the name of a class that somebody wrote: the first that fits.
_SUGGESTIONS = (
    ("cookie", "in plan.yaml, `extract: {from: cookie}` or `check: header` with the header Set-Cookie"),
    ("header", "in plan.yaml, `check: header`"),
    ("cache", "in plan.yaml, `check: header` with the header Cache-Control"),
    ("status", "the request's ExpectedHttpStatusCode, or `check: status` in plan.yaml,"),
    ("json", "in plan.yaml, `check: json`"),
    ("xpath", "in plan.yaml, `check: xpath`"),
    ("xml", "in plan.yaml, `check: xpath`"),
    ("size", "in plan.yaml, `check: size`"),
    ("length", "in plan.yaml, `check: size`"),
    ("time", "the rule ValidationRuleRequestTime"),
    ("url", "the rule ValidateResponseUrl"),
    ("attribute", "the rule ValidationRuleRequiredAttributeValue"),
    ("form", "the rule ValidateFormField"),
    ("select", "the rule ValidateHtmlSelectTag"),
    ("tag", "the rule ValidationRuleRequiredTag"),
    ("text", "the rule ValidationRuleFindText"),
    ("string", "the rule ValidationRuleFindText"),
    ("content", "the rule ValidationRuleFindText"),
)


def read_validation(reading: Reading, rule: Element, bind: Bind, request: Element, level: Level) -> Validation | None:
    """A rule as it applies to a request, its own or one of the whole test's; None where it does not, or was refused."""
    if _level(reading, rule) > level:
        return None
    read = _RULES.get(built_in_class(rule) or "")
    if read is None:
        refuse_class(reading, rule, "validation rule", _SUGGESTIONS)
        return None
    reading.expect(rule, _ATTRIBUTES, ("RuleParameters",))
    parameters = Parameters(reading, rule, bind)
    validation = read(parameters, request, _after_dependents(reading, rule))
    parameters.warn_of_others()
    return validation


def _level(reading: Reading, rule: Element) -> Level:
    written = reading.text(rule, "Level").strip()
    if not written:
        return Level.HIGH  # that of a rule that was added by hand
    level = Level.__members__.get(written.upper())
    if level is None:
        reading.error(rule, f"Level is {shown(written)}; give Low, Medium or High")
    return level or Level.HIGH


def _after_dependents(reading: Reading, rule: Element) -> bool:
    """Rules of the oldest files do not say it: the time of a page is known when it is whole, all else before."""
    written = reading.text(rule, "ExectuionOrder").strip()
    if written not in ("", "BeforeDependents", "AfterDependents"):
        reading.error(rule, f"ExectuionOrder is {shown(written)}; give BeforeDependents or AfterDependents")
    return written == "AfterDependents" or (not written and built_in_class(rule) == "ValidationRuleResponseTimeGoal")


def _response_url(parameters: Parameters, request: Element, after: bool) -> CheckUrl:
    expected = parameters.reading.text(request, "ExpectedResponseUrl")
    return CheckUrl(expected=parameters.bind(expected), after_dependents=after)


def _response_time_goal(parameters: Parameters, request: Element, after: bool) -> CheckResponseTime | None:
    """None without a goal. `Tolerance` is in percent of it."""
    goal = parameters.reading.number(request, "ResponseTimeGoal")
    at_most = goal * (1 + parameters.number("Tolerance", 0) / 100)
    return CheckResponseTime(at_most=max(0.0, at_most), page=True, after_dependents=after) if goal > 0 else None


def _find_text(parameters: Parameters, request: Element, after: bool) -> CheckText | CheckRegex:
    present = parameters.flag("PassIfTextFound", True)
    ignore_case = parameters.flag("IgnoreCase", False)
    if parameters.flag("UseRegularExpression", False):
        pattern = parameters.expression("FindText")
        return CheckRegex(pattern=pattern, present=present, ignore_case=ignore_case, after_dependents=after)
    return CheckText(text=parameters.text("FindText"), present=present, ignore_case=ignore_case, after_dependents=after)


def _request_time(parameters: Parameters, request: Element, after: bool) -> CheckResponseTime:
    milliseconds = parameters.number("MaxRequestTime", 0)
    if milliseconds <= 0:
        parameters.reading.error(parameters.rule, f"MaxRequestTime is {milliseconds:g}; give milliseconds above 0")
    return CheckResponseTime(at_most=max(0.0, milliseconds / 1000), after_dependents=after)


def _required_attribute(parameters: Parameters, request: Element, after: bool) -> CheckAttribute:
    return CheckAttribute(
        tag=parameters.needed("TagName"),
        attribute=parameters.needed("AttributeName"),
        expected=parameters.text("ExpectedValue"),
        match_attribute=parameters.text("MatchAttributeName"),
        match_value=parameters.text("MatchAttributeValue"),
        ignore_case=parameters.flag("IgnoreCase", False),
        index=parameters.whole("Index", -1),
        after_dependents=after,
    )


def _required_tag(parameters: Parameters, request: Element, after: bool) -> CheckTag:
    return CheckTag(
        tag=parameters.needed("RequiredTagName"),
        at_least=parameters.whole("MinOccurrences", 1),
        after_dependents=after,
    )


def _form_field(parameters: Parameters, request: Element, after: bool) -> CheckFormField:
    return CheckFormField(
        field=parameters.needed("Name"),
        expected=parameters.text("ExpectedValue"),
        after_dependents=after,
    )


def _selected_option(parameters: Parameters, request: Element, after: bool) -> CheckSelectedOption:
    return CheckSelectedOption(
        select=parameters.needed("SelectTagName"),
        expected=parameters.text("ExpectedSelectedOption"),
        ignore_case=parameters.flag("IgnoreCase", True),
        index=parameters.whole("Index", 0),
        after_dependents=after,
    )


def _inner_text(parameters: Parameters, request: Element, after: bool) -> CheckInnerText:
    parameters.ignore_closing_tags()
    return CheckInnerText(
        tag=parameters.needed("TagName"),
        expected=parameters.text("ExpectedInnerText"),
        attribute=parameters.text("AttributeName"),
        value=parameters.text("AttributeValue"),
        remove_tags=parameters.flag("RemoveInnerTags", True),
        collapse_space=parameters.flag("CollapseWhiteSpace", True),
        ignore_case=parameters.flag("IgnoreCase", False),
        index=parameters.whole("Index", -1),
        after_dependents=after,
    )


_RULES: dict[str, Callable[[Parameters, Element, bool], Validation | None]] = {
    "ValidateResponseUrl": _response_url,
    "ValidationRuleResponseTimeGoal": _response_time_goal,
    "ValidationRuleFindText": _find_text,
    "ValidationRuleRequestTime": _request_time,
    "ValidationRuleRequiredAttributeValue": _required_attribute,
    "ValidationRuleRequiredTag": _required_tag,
    "ValidateFormField": _form_field,
    "ValidateHtmlSelectTag": _selected_option,
    "ValidateHtmlTagInnerText": _inner_text,
}
