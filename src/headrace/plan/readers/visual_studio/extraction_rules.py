"""`<ExtractionRule>`: what is taken out of a response (reference: visual-studio-formats, 2.2)."""

from collections.abc import Callable

from headrace.plan.readers.visual_studio.dotnet_classes import UnusableRegexError
from headrace.plan.readers.visual_studio.dotnet_regex import translate_regex
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.rule_parameters import Bind, Parameters, built_in_class, refuse_class
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.rules import (
    ExtractAttribute,
    ExtractBetween,
    ExtractFormField,
    ExtractHeader,
    ExtractHiddenFields,
    ExtractInnerText,
    Extraction,
    ExtractRegex,
    ExtractSelectedOption,
    Match,
    Scope,
    Where,
)

_ATTRIBUTES = ("Classname", "VariableName", "DisplayName", "Description")

# What does the same, by a word in the name of a class that somebody wrote: the first that fits.
_SUGGESTIONS = (
    ("cookie", "in plan.yaml, `from: cookie`"),
    ("json", "in plan.yaml, `from: json`"),
    ("xpath", "in plan.yaml, `from: xpath`"),
    ("xml", "in plan.yaml, `from: xpath`"),
    ("css", "in plan.yaml, `from: css`"),
    ("header", "the rule ExtractHttpHeader"),
    ("hidden", "the rule ExtractHiddenFields"),
    ("form", "the rules ExtractFormField and ExtractHiddenFields"),
    ("attribute", "the rule ExtractAttributeValue"),
    ("select", "the rule ExtractHtmlSelectTag"),
    ("dropdown", "the rule ExtractHtmlSelectTag"),
    ("tag", "the rule ExtractHtmlTagInnerText"),
    ("reg", "the rule ExtractRegularExpression"),
    ("text", "the rule ExtractText"),
    ("string", "the rule ExtractText"),
)


def read_extraction(reading: Reading, rule: Element, bind: Bind, scope: Scope) -> Extraction | None:
    """None where it was refused, and the reading says why."""
    read = _RULES.get(built_in_class(rule) or "")
    if read is None:
        refuse_class(reading, rule, "extraction rule", _SUGGESTIONS)
        return None
    reading.expect(rule, _ATTRIBUTES, ("RuleParameters",))
    variable = reading.text(rule, "VariableName")
    if not variable:
        reading.error(rule, "its VariableName is empty; name the context parameter that gets the value")
    parameters = Parameters(reading, rule, bind)
    extraction = read(parameters, variable, scope)
    parameters.warn_of_others()
    return extraction


def _text(parameters: Parameters, variable: str, scope: Scope) -> ExtractBetween:
    regex = parameters.flag("UseRegularExpression", False)
    mark = parameters.expression if regex else parameters.text
    match = _index(parameters)
    return ExtractBetween(
        variable=variable,
        starts=mark("StartsWith"),
        ends=mark("EndsWith"),
        match="random" if parameters.flag("ExtractRandomMatch", False) else match,
        ignore_case=parameters.flag("IgnoreCase", False),
        regex=regex,
        html_decode=parameters.flag("HtmlDecode", True),
        where=Where.HEADERS_AND_BODY if parameters.flag("SearchInHeaders", False) else Where.BODY,
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _hidden_fields(parameters: Parameters, variable: str, scope: Scope) -> ExtractHiddenFields:
    return ExtractHiddenFields(
        variable=variable,
        html_decode=parameters.flag("HtmlDecode", True),
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _form_field(parameters: Parameters, variable: str, scope: Scope) -> ExtractFormField:
    return ExtractFormField(
        variable=variable,
        field=parameters.needed("Name"),
        match=_index(parameters),
        html_decode=parameters.flag("HtmlDecode", True),
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _attribute(parameters: Parameters, variable: str, scope: Scope) -> ExtractAttribute:
    return ExtractAttribute(
        variable=variable,
        tag=parameters.needed("TagName"),
        attribute=parameters.needed("AttributeName"),
        match_attribute=parameters.text("MatchAttributeName"),
        match_value=parameters.text("MatchAttributeValue"),
        match=_index(parameters),
        html_decode=parameters.flag("HtmlDecode", True),
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _header(parameters: Parameters, variable: str, scope: Scope) -> ExtractHeader:
    return ExtractHeader(
        variable=variable,
        header=parameters.needed("Header"),
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _regex(parameters: Parameters, variable: str, scope: Scope) -> ExtractRegex | None:
    written = parameters.raw("RegularExpression")
    parameters.needed("RegularExpression")
    use_groups = parameters.flag("UseGroups", False)
    try:
        translated = translate_regex(written)
    except UnusableRegexError as error:
        parameters.unusable("RegularExpression", written, error)
        translated = translate_regex("")
    group = 0
    if use_groups:
        if translated.first_group is None and "{{" not in written:
            parameters.reading.error(
                parameters.rule, "UseGroups is True, but the expression has no group; put what to take into parentheses"
            )
        group = translated.first_group or 1
    return ExtractRegex(
        variable=variable,
        pattern=parameters.bind(translated.pattern),
        group=group,
        match=_index(parameters),
        ignore_case=parameters.flag("IgnoreCase", False),
        html_decode=parameters.flag("HtmlDecode", True),
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _selected_option(parameters: Parameters, variable: str, scope: Scope) -> ExtractSelectedOption:
    return ExtractSelectedOption(
        variable=variable,
        select=parameters.needed("SelectTagName"),
        match=_index(parameters),
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _inner_text(parameters: Parameters, variable: str, scope: Scope) -> ExtractInnerText:
    parameters.ignore_closing_tags()
    return ExtractInnerText(
        variable=variable,
        tag=parameters.needed("TagName"),
        attribute=parameters.text("AttributeName"),
        value=parameters.text("AttributeValue"),
        remove_tags=parameters.flag("RemoveInnerTags", True),
        collapse_space=parameters.flag("CollapseWhiteSpace", True),
        match=max(0, parameters.whole("Index", -1)),  # -1: any, so the first
        required=parameters.flag("Required", True),
        scope=scope,
    )


def _index(parameters: Parameters) -> Match:
    index = parameters.whole("Index", 0)
    if index < 0:
        parameters.reading.warn(parameters.rule, f"its Index is {index}; occurrences count from 0, and the first is taken")
    return max(0, index)


_RULES: dict[str, Callable[[Parameters, str, Scope], Extraction | None]] = {
    "ExtractText": _text,
    "ExtractHiddenFields": _hidden_fields,
    "ExtractFormField": _form_field,
    "ExtractAttributeValue": _attribute,
    "ExtractHttpHeader": _header,
    "ExtractRegularExpression": _regex,
    "ExtractHtmlSelectTag": _selected_option,
    "ExtractHtmlTagInnerText": _inner_text,
}
