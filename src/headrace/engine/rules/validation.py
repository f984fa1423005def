"""Validations compiled: what must be true of an answer."""

from collections.abc import Callable
from typing import Any

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.rules import checks, tag_checks
from headrace.engine.rules.checks import Check
from headrace.engine.rules.rule_errors import RuleError
from headrace.engine.templates import UnboundError, compile_template
from headrace.plan.rules import (
    CheckAttribute,
    CheckEquals,
    CheckFormField,
    CheckHeader,
    CheckInnerText,
    CheckJson,
    CheckRegex,
    CheckResponseTime,
    CheckSelectedOption,
    CheckSize,
    CheckStatus,
    CheckTag,
    CheckText,
    CheckUrl,
    CheckXPath,
    Validation,
)

Validate = Callable[[Answer, Variables], None]

KIND = "ValidationRuleError"

# The rule of Visual Studio of the same purpose, or a name in its style, and what checks it.
_RULES: dict[type, tuple[str, Callable[[Any, bool], Check]]] = {
    CheckText: ("ValidationRuleFindText", checks.check_text),
    CheckEquals: ("ValidationRuleTextEquals", checks.check_equals),
    CheckRegex: ("ValidationRuleFindText", checks.check_regex),
    CheckStatus: ("ValidationRuleStatusCode", checks.check_status),
    CheckJson: ("ValidationRuleJsonPath", checks.check_json),
    CheckXPath: ("ValidationRuleXPath", checks.check_xpath),
    CheckResponseTime: ("ValidationRuleRequestTime", checks.check_response_time),
    CheckSize: ("ValidationRuleSize", checks.check_size),
    CheckTag: ("ValidationRuleRequiredTag", tag_checks.check_tag),
    CheckAttribute: ("ValidationRuleRequiredAttributeValue", tag_checks.check_attribute),
    CheckUrl: ("ValidateResponseUrl", checks.check_url),
    CheckFormField: ("ValidateFormField", tag_checks.check_form_field),
    CheckSelectedOption: ("ValidateHtmlSelectTag", tag_checks.check_selected_option),
    CheckInnerText: ("ValidateHtmlTagInnerText", tag_checks.check_inner_text),
    CheckHeader: ("ValidationRuleHeader", checks.check_header),
}


def compile_validation(validation: Validation, keep_unknown: bool = False) -> Validate:
    """A function that looks at an answer and raises RuleError where it is not as it must be.

    Raises ValueError where the rule itself is wrong, an expression that does not compile.
    """
    subkind, compile_check = _RULES[type(validation)]
    if isinstance(validation, CheckResponseTime) and validation.page:
        subkind = "ValidationRuleResponseTimeGoal"
    check = compile_check(validation, keep_unknown)
    message_of = compile_template(validation.message, keep_unknown) if validation.message else None

    def validate(answer: Answer, variables: Variables) -> None:
        try:
            failure = check(answer, variables)
            if failure is not None and message_of is not None:
                failure = message_of(variables)
        except (UnboundError, ValueError, TimeoutError) as error:
            failure = str(error)
        if failure is not None:
            raise RuleError(KIND, subkind, failure)

    return validate
