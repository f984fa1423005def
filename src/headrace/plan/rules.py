"""Rules about a response: what is taken out of it, and what must be true of it.

Texts marked "template" may name variables as `{{name}}` (`plan/templates.py`). What each rule does follows Visual Studio's
rule of the same purpose (reference: visual-studio-formats, 2) or JMeter's (reference: jmeter, 10 and 11).
"""

from enum import StrEnum
from typing import Literal

from headrace.plan.value import Value


class Where(StrEnum):
    """The text that a rule looks at."""

    BODY = "body"
    HEADERS = "headers"  # status line and headers
    HEADERS_AND_BODY = "headers and body"
    URL = "url"  # of the last response, redirects followed
    STATUS = "status"
    MESSAGE = "message"  # the reason phrase
    REQUEST_HEADERS = "request headers"
    REQUEST_BODY = "request body"


class Scope(StrEnum):
    """How long a variable lives."""

    ITERATION = "iteration"
    USER = "user"


# Which of several matches: its index from 0, one at random, or all: then NAME_1, NAME_2, ... and NAME_matchNr are set.
Match = int | Literal["random", "all"]


class _Extraction(Value, frozen=True, kw_only=True):
    """`variable` gets the value. Not found: an error where it is `required`, else the variable is set to `default`."""

    variable: str
    required: bool = True
    default: str = ""
    scope: Scope = Scope.ITERATION
    match: Match = 0


class ExtractBetween(_Extraction, frozen=True, tag="between", tag_field="from", kw_only=True):
    """The text between two texts (templates), or between matches of two expressions where `regex`."""

    starts: str
    ends: str
    ignore_case: bool = False
    regex: bool = False
    html_decode: bool = False
    where: Where = Where.BODY


class ExtractRegex(_Extraction, frozen=True, tag="regex", tag_field="from", kw_only=True):
    """`group` of a match of `pattern` (a template); with `format`, JMeter's `$1$-$2$`, several groups."""

    pattern: str
    group: int = 1
    format: str = ""
    ignore_case: bool = False
    html_decode: bool = False
    where: Where = Where.BODY


class ExtractJson(_Extraction, frozen=True, tag="json", tag_field="from", kw_only=True):
    """What a JSONPath (RFC 9535, a template) leads to: a text as it is, anything else as JSON."""

    path: str


class ExtractXPath(_Extraction, frozen=True, tag="xpath", tag_field="from", kw_only=True):
    """What an XPath 1.0 (a template) leads to in XML, or in HTML where `html`: the text of an element, or the value."""

    path: str
    html: bool = False


class ExtractCss(_Extraction, frozen=True, tag="css", tag_field="from", kw_only=True):
    """The text, or an attribute, of the elements that a CSS selector (a template) finds."""

    selector: str
    attribute: str = ""


class ExtractHeader(_Extraction, frozen=True, tag="header", tag_field="from", kw_only=True):
    """A response header."""

    header: str


class ExtractCookie(_Extraction, frozen=True, tag="cookie", tag_field="from", kw_only=True):
    """A cookie that the user has for this URL after the response."""

    cookie: str


class ExtractHiddenFields(_Extraction, frozen=True, tag="hidden fields", tag_field="from", kw_only=True):
    """All hidden fields: each sets the variable `$HIDDEN<variable>.<field name>`."""

    html_decode: bool = True


class ExtractFormField(_Extraction, frozen=True, tag="form field", tag_field="from", kw_only=True):
    """The value of the form field of this name."""

    field: str
    html_decode: bool = True


class ExtractAttribute(_Extraction, frozen=True, tag="attribute", tag_field="from", kw_only=True):
    """An attribute of a tag, of those where another attribute has a value if `match_attribute` is given (templates)."""

    tag: str
    attribute: str
    match_attribute: str = ""
    match_value: str = ""
    html_decode: bool = True


class ExtractSelectedOption(_Extraction, frozen=True, tag="selected option", tag_field="from", kw_only=True):
    """The value of the selected option of the select tag of this name."""

    select: str


class ExtractInnerText(_Extraction, frozen=True, tag="inner text", tag_field="from", kw_only=True):
    """The text inside a tag, of those where `attribute` has a value if it is given."""

    tag: str
    attribute: str = ""
    value: str = ""
    remove_tags: bool = True
    collapse_space: bool = True


Extraction = (
    ExtractBetween
    | ExtractRegex
    | ExtractJson
    | ExtractXPath
    | ExtractCss
    | ExtractHeader
    | ExtractCookie
    | ExtractHiddenFields
    | ExtractFormField
    | ExtractAttribute
    | ExtractSelectedOption
    | ExtractInnerText
)


class _Validation(Value, frozen=True, kw_only=True):
    """`after_dependents`: judged when the page's dependents have ended, not before they are fetched.

    `message` (a template) is what a failure says instead of the standard text.
    """

    after_dependents: bool = False
    message: str = ""


class CheckText(_Validation, frozen=True, tag="text", tag_field="check", kw_only=True):
    """A text (a template) is there, or with `present` false is not there."""

    text: str
    present: bool = True
    ignore_case: bool = False
    where: Where = Where.BODY


class CheckEquals(_Validation, frozen=True, tag="equals", tag_field="check", kw_only=True):
    """The whole text equals (a template), or with `present` false does not."""

    text: str
    present: bool = True
    where: Where = Where.BODY


class CheckRegex(_Validation, frozen=True, tag="regex", tag_field="check", kw_only=True):
    """A regular expression (a template) is found, or with `whole` matches all of it; with `present` false, the contrary."""

    pattern: str
    present: bool = True
    whole: bool = False
    ignore_case: bool = False
    where: Where = Where.BODY


class CheckStatus(_Validation, frozen=True, tag="status", tag_field="check", kw_only=True):
    """The status is one of these."""

    statuses: tuple[int, ...]


class CheckJson(_Validation, frozen=True, tag="json", tag_field="check", kw_only=True):
    """A JSONPath leads somewhere; and where `equals` or `pattern` (templates) is given, to such a value, all of it.

    With `present` false, the contrary. A text is compared as it is, anything else as its JSON.
    """

    path: str
    equals: str | None = None
    pattern: str | None = None
    present: bool = True


class CheckXPath(_Validation, frozen=True, tag="xpath", tag_field="check", kw_only=True):
    """An XPath 1.0 finds something or is true; with `present` false, the contrary. `html` as for ExtractXPath."""

    path: str
    present: bool = True
    html: bool = False


class CheckResponseTime(_Validation, frozen=True, tag="response time", tag_field="check", kw_only=True):
    """The response came within so many seconds. `page`: redirects and dependents included (with `after_dependents`)."""

    at_most: float
    page: bool = False


class CheckSize(_Validation, frozen=True, tag="size", tag_field="check", kw_only=True):
    """The size in bytes is within these bounds, ends included: of the body as received, or with `whole` the head too."""

    at_least: int = 0
    at_most: int | None = None
    whole: bool = False


class CheckTag(_Validation, frozen=True, tag="tag", tag_field="check", kw_only=True):
    """A tag occurs at least so often."""

    tag: str
    at_least: int = 1


class CheckAttribute(_Validation, frozen=True, tag="attribute", tag_field="check", kw_only=True):
    """An attribute of a tag has a value (templates); which of the tags: `match_attribute`, and `index` (-1: any)."""

    tag: str
    attribute: str
    expected: str
    match_attribute: str = ""
    match_value: str = ""
    ignore_case: bool = False
    index: int = -1


class CheckUrl(_Validation, frozen=True, tag="url", tag_field="check", kw_only=True):
    """The URL of the last response is this one (a template; "" is the request's own); queries are ignored."""

    expected: str = ""


class CheckFormField(_Validation, frozen=True, tag="form field", tag_field="check", kw_only=True):
    """The form field of this name has this value (templates)."""

    field: str
    expected: str


class CheckSelectedOption(_Validation, frozen=True, tag="selected option", tag_field="check", kw_only=True):
    """The selected option of the select tag of this name is this one (templates)."""

    select: str
    expected: str
    ignore_case: bool = True
    index: int = 0


class CheckInnerText(_Validation, frozen=True, tag="inner text", tag_field="check", kw_only=True):
    """The text inside a tag is this one (templates); which of the tags: `attribute`, and `index` (-1: any)."""

    tag: str
    expected: str
    attribute: str = ""
    value: str = ""
    remove_tags: bool = True
    collapse_space: bool = True
    ignore_case: bool = False
    index: int = -1


class CheckHeader(_Validation, frozen=True, tag="header", tag_field="check", kw_only=True):
    """A response header is there; where `expected` (a template) is given, with this value."""

    header: str
    expected: str | None = None


Validation = (
    CheckText
    | CheckEquals
    | CheckRegex
    | CheckStatus
    | CheckJson
    | CheckXPath
    | CheckResponseTime
    | CheckSize
    | CheckTag
    | CheckAttribute
    | CheckUrl
    | CheckFormField
    | CheckSelectedOption
    | CheckInnerText
    | CheckHeader
)
