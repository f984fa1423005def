"""`<Request>`: a page, and the pause after it (reference: visual-studio-formats, 1.2 to 1.4, 1.8)."""

from collections.abc import Iterator

from headrace.plan.limits import LONGEST
from headrace.plan.readers.visual_studio.bindings import is_spelt
from headrace.plan.readers.visual_studio.bodies import BODIES, read_body, read_parameter
from headrace.plan.readers.visual_studio.context import Context
from headrace.plan.readers.visual_studio.extraction_rules import read_extraction
from headrace.plan.readers.visual_studio.headers import read_header
from headrace.plan.readers.visual_studio.plugins import refuse_plugins
from headrace.plan.readers.visual_studio.reading import shown
from headrace.plan.readers.visual_studio.rule_parameters import variables_of
from headrace.plan.readers.visual_studio.validation_rules import read_validation
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.requests import Escaping, Multipart, Page, Request
from headrace.plan.rules import Extraction, Validation
from headrace.plan.step_checks import LONGEST_METHOD, is_charset, is_token, judge_url
from headrace.plan.steps import Step, Think
from headrace.plan.targets import ANYWHERE
from headrace.plan.templates import literal
from headrace.plan.thinking import is_none

_MOST_RULES = 100_000  # rules of the test times its requests
_TIMEOUT = 300.0  # what the recorder writes, and what 0 means
_ATTRIBUTES = (
    "Method",
    "Guid",
    "Version",
    "Url",
    "ThinkTime",
    "Timeout",
    "ParseDependentRequests",
    "FollowRedirects",
    "RecordResult",
    "Cache",
    "ResponseTimeGoal",
    "Encoding",
    "ExpectedHttpStatusCode",
    "ExpectedResponseUrl",
    "ReportingName",
    "IgnoreHttpStatusCode",
)
_CHILDREN = (
    "ValidationRules",
    "RequestPlugins",
    "DependentRequests",
    "Headers",
    "ExtractionRules",
    "CorrelationExtractionRules",  # what the recorder might have extracted; never done at run time
    "QueryStringParameters",
    *BODIES,
)
# Python's names mean another order of bytes, or a mark before the text.
_CHARSETS = {"utf-16": "utf-16-le", "unicode": "utf-16-le", "unicodefffe": "utf-16-be", "utf-32": "utf-32-le"}
_LARGEST_STATUS = 999
_NOWHERE = "http://localhost/"  # for a URL that is none: its error keeps the test from being run
_OF_THE_MESSAGE = ("content-length", "transfer-encoding")  # how long it is, the engine says


def read_page(context: Context, element: Element) -> Iterator[Step]:
    """The request with its dependents, and the think time after it."""
    reading = context.reading
    request = _read_request(context, element, _TIMEOUT, top=True)
    dependents = tuple(
        _read_request(context, each, request.timeout or _TIMEOUT, top=False) for each in _dependents(context, element)
    )
    find = reading.flag(element, "ParseDependentRequests", True)
    yield Page(request, dependents, find) if dependents or find else request
    pause = context.surroundings.think_time(_think_time(context, element))
    if not is_none(pause):
        yield Think(pause)


def _think_time(context: Context, element: Element) -> float:
    seconds = context.reading.number(element, "ThinkTime", most=LONGEST)
    if seconds < 0:
        context.reading.tell(element, f"ThinkTime is {seconds:g}; below 0, there is no pause")
    return max(0.0, seconds)


def _dependents(context: Context, element: Element) -> Iterator[Element]:
    for dependents in element.all("DependentRequests"):
        context.reading.expect(dependents, (), ("Request",))
        yield from dependents.all("Request")


def _read_request(context: Context, element: Element, timeout: float, top: bool) -> Request:
    """`timeout` is for a request that has none of its own. A dependent (not `top`) has no rules and no dependents."""
    reading, bind = context.reading, context.bindings.bind
    reading.expect(element, _ATTRIBUTES, _CHILDREN)
    if not top:
        _tell_of_rules(context, element)
    for plugins in element.all("RequestPlugins"):
        refuse_plugins(reading, plugins, "RequestPlugin")
    charset = _charset(context, element)
    body, content_type = read_body(context, element, charset)
    status = reading.whole(element, "ExpectedHttpStatusCode", 0, 0, _LARGEST_STATUS)
    goal = reading.number(element, "ResponseTimeGoal", most=LONGEST)
    _judge_version(context, element)
    return Request(
        url=_bound_url(context, element),
        method=_method(context, element),
        name=bind(reading.text(element, "ReportingName")) or _name(context, element),
        query=tuple(read_parameter(context, each) for each in _query(context, element)),
        headers=_headers(context, element, content_type, keeps_type=not isinstance(body, Multipart)),
        body=body,
        credentials=context.credentials,
        extract=tuple(_extractions(context, element)) if top else (),
        validate=tuple(_validations(context, element)) if top else (),
        expected_status=(status,) if status else (),
        ignore_status=reading.flag(element, "IgnoreHttpStatusCode"),
        follow_redirects=reading.flag(element, "FollowRedirects", True),
        timeout=reading.number(element, "Timeout", 0.0, 0, LONGEST) or timeout,
        goal=goal if goal > 0 else None,
        cache=reading.flag(element, "Cache"),
        recorded=reading.flag(element, "RecordResult", True),
        charset=charset,
        escaping=Escaping.DOTNET,
    )


def _tell_of_rules(context: Context, element: Element) -> None:
    for name in ("ValidationRules", "ExtractionRules"):
        if any(rules.children for rules in element.all(name)):
            context.reading.warn(element, f"the {name} of a dependent request are not applied; Visual Studio applies none")
    if any(dependents.children for dependents in element.all("DependentRequests")):
        context.reading.warn(
            element, "it has dependent requests of its own, which are not sent; make them dependents of its page"
        )


def _judge_version(context: Context, element: Element) -> None:
    version = context.reading.text(element, "Version", "1.1").strip()
    if version != "1.1":
        context.reading.warn(element, f"Version is {shown(version)}; it is sent as HTTP/1.1")


def _charset(context: Context, element: Element) -> str:
    written = context.reading.text(element, "Encoding").strip().lower() or "utf-8"
    charset = _CHARSETS.get(written, written)
    if is_charset(charset):
        return charset
    context.reading.error(element, f"Encoding is {shown(written)}, which is not known; give one such as utf-8 or iso-8859-1")
    return "utf-8"


def _method(context: Context, element: Element) -> str:
    method = context.reading.text(element, "Method").strip() or "GET"
    if is_token(method) and len(method) <= LONGEST_METHOD:
        return method
    context.reading.error(element, f"Method is {shown(method)}, which is none; give one such as GET or POST")
    return "GET"


def _bound_url(context: Context, element: Element) -> str:
    """The template of the URL; what cannot be one, as far as it is known, is an error."""
    url = _url(context, element)
    if not url.strip():
        context.reading.error(element, "it has no Url; give one, or take the request out")
        return _NOWHERE
    template = context.bindings.bind_url(url)
    for sentence in judge_url(template, "Url", ANYWHERE):
        context.reading.error(element, sentence)
        return _NOWHERE
    return template


def _url(context: Context, element: Element) -> str:
    return context.reading.text(element, "Url")


def _name(context: Context, element: Element) -> str:
    """What results call a request that has no name of its own: its URL without the query, but for what is to group it.

    "" where that is the URL as it is written. A URL that was extracted as a whole may have any query, and secrets, in it; it
    is called by the name of its parameter.
    """
    url = _url(context, element)
    base = url.strip().partition("#")[0].partition("?")[0]
    reading, bindings = context.reading, context.bindings
    groups = [each for each in _query(context, element) if reading.flag(each, "UseToGroupResults")]
    pairs = [f"{reading.text(each, 'Name')}={reading.text(each, 'Value')}" for each in groups]
    if not pairs and base == url.strip() and bindings.bind_url(base) == literal(base):
        return ""
    template = bindings.bind_url(base)
    if bindings.begins_with_extracted(base):
        template = literal(base)
    return template + (f"?{bindings.bind('&'.join(pairs))}" if pairs else "")


def _query(context: Context, element: Element) -> Iterator[Element]:
    for parameters in element.all("QueryStringParameters"):
        context.reading.expect(parameters, (), ("QueryStringParameter",))
        yield from parameters.all("QueryStringParameter")


def _headers(context: Context, element: Element, content_type: str, keeps_type: bool) -> tuple[tuple[str, str], ...]:
    """A header Content-Type goes before the one of the body, but never before that of a form with files, which has the
    boundary of its parts in it."""
    reading = context.reading
    headers: list[tuple[str, str]] = []
    for each in element.all("Headers"):
        reading.expect(each, (), ("Header",))
        for header in each.all("Header"):
            name = reading.text(header, "Name").strip().lower()
            if name in _OF_THE_MESSAGE or (name == "content-type" and not keeps_type):
                reading.tell(header, "it is left out, for it follows from the body that is sent")
            elif pair := read_header(reading, header, context.bindings.bind):
                headers.append((literal(pair[0]), pair[1]))
    if content_type and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content_type))
    return tuple(headers)


def _extractions(context: Context, element: Element) -> Iterator[Extraction]:
    for rules in element.all("ExtractionRules"):
        context.reading.expect(rules, (), ("ExtractionRule",))
        for rule in rules.all("ExtractionRule"):
            for name in variables_of(rule):
                if not is_spelt(name):
                    context.reading.error(
                        rule, f"the name {shown(name)} is one of Headrace's own, or has a quote in it; rename it"
                    )
            extraction = read_extraction(context.reading, rule, context.bindings.bind, context.scope)
            if extraction is not None:
                yield extraction


def _validations(context: Context, element: Element) -> Iterator[Validation]:
    """The request's own rules, then those of the test."""
    own = []
    for rules in element.all("ValidationRules"):
        context.reading.expect(rules, (), ("ValidationRule",))
        own += [(context.reading, rule) for rule in rules.all("ValidationRule")]
    seen: list[Validation] = []
    context.spent.rules += len(context.rules)
    if context.spent.rules > _MOST_RULES:
        context.reading.error(element, f"the rules of the test come to over {_MOST_RULES} for its requests; give fewer")
        return
    for reading, rule in (*own, *context.rules):
        validation = read_validation(reading, rule, context.bindings.bind, element, context.surroundings.level)
        # A test and one that it includes mostly have the same rules for all requests.
        if validation is not None and validation not in seen:
            seen.append(validation)
            yield validation
