"""`<ConditionalRule>`: what a branch or a loop depends on (reference: visual-studio-formats, 1.7)."""

import re
from collections.abc import Callable
from http import HTTPStatus

from headrace.plan.conditions import (
    Compare,
    Condition,
    CookieExists,
    LastPassed,
    LastStatus,
    Matches,
    Not,
    Operator,
    Probability,
    VariableExists,
)
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.rule_parameters import (
    LOOPS_ONLY,
    Bind,
    Parameters,
    built_in_class,
    refuse_class,
)
from headrace.plan.readers.visual_studio.xml_tree import Element

# The two last are a loop's; a rule has them in some versions (`loops.py`).
ATTRIBUTES = ("Classname", "DisplayName", "Description", "MaxIterations", "AdvanceDataCursors")

# What does the same, by a word in the name of a class that somebody wrote: the first that fits.
_SUGGESTIONS = (
    ("cookie", "the rule CookieExistenceRule or CookieComparisonRule"),
    ("code", "the rule LastResponseCodeRule"),
    ("status", "the rule LastResponseCodeRule"),
    ("outcome", "the rule LastRequestOutcomeRule"),
    ("probab", "the rule ProbabilityRule"),
    ("random", "the rule ProbabilityRule"),
    ("percent", "the rule ProbabilityRule"),
    ("exist", "the rule ContextParameterExistenceRule"),
    ("num", "the rule NumericalComparisonRule"),
    ("string", "the rule StringComparisonRule"),
    ("compar", "the rule StringComparisonRule or NumericalComparisonRule"),
    ("count", "the rule CountingLoopRule"),
    ("loop", "the rule ForLoopRule"),
)

_OPERATORS = {operator.value: operator for operator in Operator} | {
    "equality": Operator.EQUAL,
    "inequality": Operator.NOT_EQUAL,
    "lessthan": Operator.LESS,
    "lessthanorequal": Operator.LESS_OR_EQUAL,
    "greaterthan": Operator.GREATER,
    "greaterthanorequal": Operator.GREATER_OR_EQUAL,
}
_EITHER = (Operator.EQUAL, Operator.NOT_EQUAL)

# .NET's names of statuses are their phrases without blanks, but for these, some of which are second names.
_STATUSES = {re.sub("[^a-z]", "", status.phrase.lower()): status.value for status in HTTPStatus} | {
    "ambiguous": 300,
    "moved": 301,
    "redirect": 302,
    "redirectmethod": 303,
    "unused": 306,
    "redirectkeepverb": 307,
    "requestentitytoolarge": 413,
    "requesturitoolong": 414,
    "requestedrangenotsatisfiable": 416,
}
_NUMBERED_STATUS = re.compile(r"\s*([1-9][0-9]{2})(?:\s*-.*)?")  # `200`, or `200 - OK` as the editor shows it


def read_condition(reading: Reading, rule: Element, bind: Bind) -> Condition | None:
    """None where it was refused, and the reading says why."""
    kind = built_in_class(rule) or ""
    if kind in LOOPS_ONLY:
        reading.error(rule, f"{kind} is a rule of loops only; give a condition another one")
        return None
    read = _RULES.get(kind)
    if read is None:
        refuse_class(reading, rule, "conditional rule", _SUGGESTIONS)
        return None
    reading.expect(rule, ATTRIBUTES, ("RuleParameters",))
    parameters = Parameters(reading, rule, bind)
    condition = read(parameters)
    parameters.warn_of_others()
    return condition


def read_operator(parameters: Parameters, among: tuple[Operator, ...] = tuple(Operator)) -> Operator:
    """An operator, written as its sign or as the name that .NET has for it."""
    written = parameters.raw("ComparisonOperator", "==").strip()
    operator = _OPERATORS.get(written.lower())
    if operator not in among:
        parameters.reading.error(
            parameters.rule, f"ComparisonOperator is {shown(written)}; give one of {', '.join(map(str, among))}"
        )
    return operator or Operator.EQUAL


def _existence(parameters: Parameters) -> Condition:
    return _if_wanted(parameters, VariableExists(parameters.context_parameter()))


def _cookie_existence(parameters: Parameters) -> Condition:
    return _if_wanted(parameters, CookieExists(parameters.needed("CookieName"), _cookie_url(parameters)))


def _cookie_comparison(parameters: Parameters) -> Condition:
    regex = parameters.flag("UseRegularExpression", False)
    return CookieExists(
        name=parameters.needed("CookieName"),
        url=_cookie_url(parameters),
        value=parameters.expression("CookieValue") if regex else parameters.text("CookieValue"),
        operator=read_operator(parameters, _EITHER if regex else tuple(Operator)),
        ignore_case=parameters.flag("IgnoreCase", False),
        regex=regex,
    )


def _last_outcome(parameters: Parameters) -> Condition:
    written = parameters.raw("RequestOutcome", "Pass")
    outcome = written.strip().lower()
    if outcome not in ("pass", "fail"):
        parameters.reading.error(parameters.rule, f"RequestOutcome is {shown(written)}; give Pass or Fail")
    return LastPassed() if outcome == "pass" else Not(LastPassed())


def _last_status(parameters: Parameters) -> Condition:
    written = parameters.raw("ResponseCode", "OK")
    numbered = _NUMBERED_STATUS.fullmatch(written)
    status = int(numbered[1]) if numbered else _STATUSES.get(written.strip().lower())
    if status is None:
        parameters.reading.error(
            parameters.rule, f"ResponseCode is {shown(written)}; give a status by its number or by its name in .NET"
        )
    condition = LastStatus((status or 200,))
    return condition if read_operator(parameters, _EITHER) is Operator.EQUAL else Not(condition)


def _numerical_comparison(parameters: Parameters) -> Condition:
    return Compare(_variable(parameters), read_operator(parameters), parameters.needed("Value"), numeric=True)


def _string_comparison(parameters: Parameters) -> Condition:
    variable, ignore_case = _variable(parameters), parameters.flag("IgnoreCase", False)
    if parameters.flag("UseRegularExpression", False):
        matches = Matches(variable, parameters.expression("Value"), ignore_case=ignore_case)
        return matches if read_operator(parameters, _EITHER) is Operator.EQUAL else Not(matches)
    return Compare(variable, read_operator(parameters), parameters.text("Value"), ignore_case=ignore_case)


def _probability(parameters: Parameters) -> Condition:
    if parameters.raw("ContextParameterName"):
        parameters.reading.tell(
            parameters.rule, "its ContextParameterName has no effect: what chance decides is kept nowhere"
        )
    return Probability(min(100.0, max(0.0, parameters.number("Percentage", 0))))


def _variable(parameters: Parameters) -> str:
    """A template with the value of the context parameter that is named."""
    parameters.context_parameter()  # an error where it is none
    return parameters.bind(f"{{{{{parameters.raw('ContextParameterName')}}}}}")


def _if_wanted(parameters: Parameters, condition: Condition) -> Condition:
    return condition if parameters.flag("CheckForExistence", True) else Not(condition)


def _cookie_url(parameters: Parameters) -> str:
    """Where a cookie is looked for: at a page, else at a domain, over https, for a secure cookie is also one."""
    page, domain, path = parameters.text("Webpage"), parameters.text("CookieDomainName"), parameters.text("CookiePath")
    if not page and not domain:
        parameters.reading.error(
            parameters.rule, "it does not say where the cookie is; give the URL of a Webpage, or a CookieDomainName"
        )
    if page and (domain or path):
        parameters.reading.warn(
            parameters.rule, "its Webpage says where the cookie is; CookieDomainName and CookiePath have no effect"
        )
    return page or f"https://{domain.removeprefix('.')}/{path.removeprefix('/')}"


_RULES: dict[str, Callable[[Parameters], Condition]] = {
    "ContextParameterExistenceRule": _existence,
    "CookieExistenceRule": _cookie_existence,
    "CookieComparisonRule": _cookie_comparison,
    "LastRequestOutcomeRule": _last_outcome,
    "LastResponseCodeRule": _last_status,
    "NumericalComparisonRule": _numerical_comparison,
    "StringComparisonRule": _string_comparison,
    "ProbabilityRule": _probability,
}
