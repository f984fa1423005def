"""A page compiled: a request, what is looked at in its answer, and the dependents that are fetched with it."""

from collections.abc import Callable, Generator, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING

from msgspec.structs import replace

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.http.client import FAILED, PASSED, UNSENT
from headrace.engine.http.failures import Failure, rule_failed, unbound, undecodable
from headrace.engine.http.prepared import Prepared
from headrace.engine.http.requests import CompiledRequest, Requests, UnpreparedError, same_host
from headrace.engine.measuring.measures import Measures, PageMeasure
from headrace.engine.rules.rule_errors import RuleError
from headrace.engine.templates import UnboundError
from headrace.engine.users.endings import CutError, LeaveError, leave_on_failure
from headrace.plan.model import Browser, Test
from headrace.plan.requests import Page, Request
from headrace.plan.rules import CheckResponseTime, CheckStatus, CheckUrl
from headrace.ticks.tick import Name

if TYPE_CHECKING:
    from headrace.engine.users.user import VirtualUser

Waits = Generator[None, None, None]
Rule = Callable[[Answer, Variables], None]

# A user whose request could not be sent at all does not ask again before this time, in seconds. Else a wrong host name
# makes every user a busy loop, and the count of errors says how fast this machine is, nothing else.
UNSENT_PAUSE = 0.05
_MOST_FOUND = 1000


class CompiledPage:
    """`begin` sends the request; `end` goes on when the answer has come: first with the rules, then with the dependents."""

    __slots__ = (
        "_after",
        "_charset",
        "_constant",
        "_dependents",
        "_find",
        "_goal",
        "_leave",
        "_measure",
        "_measures",
        "_name",
        "_request",
        "_rules",
        "_simple",
        "_waits",
    )

    def __init__(
        self,
        request: CompiledRequest,
        dependents: Sequence[CompiledRequest],
        find: "Callable[[Answer], list[CompiledRequest]] | None",
        rules: Sequence[Rule],
        after: Sequence[Rule],
        goal: float | None,
        charset: str,
        test: Test,
        name: Name,
        measures: Measures,
    ) -> None:
        self._request = request
        self._charset = charset
        self._constant = request.constant
        self._dependents = dependents
        self._find = find
        self._rules = rules
        self._after = after
        self._goal = int(goal * 1e9) if goal else None
        self._leave = leave_on_failure(test.on_error)
        self._name = name
        self._measures = measures
        self._measure: PageMeasure | None = None  # where each iteration may have another name
        if not request.recorded:
            self._measure = measures.unrecorded_page
        elif request.name is not None:
            self._measure = measures.page(name._replace(item=request.name))
        self._simple = not (dependents or find or rules or after or goal) and self._measure is not None
        self._waits = bool(dependents or find or after)

    def begin(self, user: "VirtualUser") -> bool:
        """Whether the user has to wait now: not where the request could not be made. Raises CutError."""
        if user.load.stopping:
            raise CutError
        user.page_at = user.wanted_at
        user.page_end = PASSED
        request = self._constant
        if request is None:
            try:
                request = self._request.build(user.variables)
            except (UnboundError, UnpreparedError) as error:
                user.page_end = UNSENT
                self._count_unmade(user, self._request, _why_unmade(error))
                return False
            user.requested = request.url
        user.pending = 1
        user.client.fetch(request, user.wanted_at, user.now)
        return True

    def end(self, user: "VirtualUser") -> Waits | None:
        """What is left to wait for, None for nothing. Call it when the request has ended."""
        if self._simple and user.page_end is PASSED:
            if user.page_at >= user.load.measured_from:
                self._measure.times.append((user.now - user.page_at) // 1000)  # type: ignore[union-attr]
            return None
        if self._waits:
            return self._end(user)
        answer = user.answer
        failures = 0
        if answer is not None:
            user.answer = None
            failures = self._look(answer, user)
        return self._close(user, user.now, failures)

    def _count_unmade(self, user: "VirtualUser", request: CompiledRequest, failure: Failure) -> None:
        """A request could not be made from the values of its variables: it failed without being sent."""
        if user.page_at >= user.load.measured_from:
            measure = request.any_measure
            measure.unmade += 1
            if measure.recorded:
                self._measures.error(failure, measure.name, measure.name.item, request.method)

    def _end(self, user: "VirtualUser") -> Waits:
        answer = user.answer
        user.answer = None
        failures = 0
        if answer is not None:
            failures = self._look(answer, user)
            wanted = self._wanted(user, answer) if user.page_end is PASSED else []
            if wanted:
                if user.load.stopping:
                    raise CutError
                user.now = user.wanted_at = perf_counter_ns()
                user.pending = len(wanted)
                for request in wanted:
                    user.client.fetch(request, user.now, user.now)
                yield
        ended_at = user.now
        if answer is not None and self._after:
            answer.page_us = (ended_at - user.page_at) // 1000
            failures += self._apply(self._after, answer, user, in_time=False)
        more = self._close(user, ended_at, failures)
        if more is not None:
            yield from more

    def _look(self, answer: Answer, user: "VirtualUser") -> int:
        """Applies the rules that need not wait; returns how many failed."""
        answer.requested = self._constant.url if self._constant is not None else user.requested
        answer.page_us = (user.now - user.page_at) // 1000
        answer.charset = self._charset
        return self._apply(self._rules, answer, user, in_time=True)

    def _close(self, user: "VirtualUser", ended_at: int, failures: int) -> Waits | None:
        """Counts the page. Returns what is left to wait for; raises LeaveError where a failure ends the iteration."""
        passed = not failures and user.page_end is PASSED
        self._count(user, ended_at, passed)
        user.last_passed = passed
        if self._rules or self._after:
            user.now = user.wanted_at = perf_counter_ns()  # what the rules took is no part of the next response time
        if passed:
            return None
        user.failures += 1
        if user.page_end is UNSENT:
            return self._pause(user)
        if self._leave is not None:
            raise LeaveError(self._leave)
        return None

    def _pause(self, user: "VirtualUser") -> Waits:
        user.pause(UNSENT_PAUSE)
        yield
        if self._leave is not None:
            raise LeaveError(self._leave)

    def _wanted(self, user: "VirtualUser", answer: Answer) -> list[Prepared]:
        wanted = self._make(self._dependents, user)
        if self._find is not None and 200 <= answer.status < 300:
            known = {request.url for request in wanted}
            try:
                found = self._find(answer)
            except ValueError as error:
                self._count_broken(user, answer, undecodable(str(error)))
                user.page_end = FAILED
                return []
            wanted += [request for request in self._make(found, user) if request.url not in known]
        return wanted

    def _make(self, dependents: Sequence[CompiledRequest], user: "VirtualUser") -> list[Prepared]:
        made = []
        for dependent in dependents:
            try:
                made.append(dependent.constant or dependent.build(user.variables))
            except (UnboundError, UnpreparedError) as error:
                self._count_unmade(user, dependent, _why_unmade(error))
                user.page_end = UNSENT
        return made

    def _apply(self, rules: Sequence[Rule], answer: Answer, user: "VirtualUser", in_time: bool) -> int:
        """Runs every rule, even where one fails; returns how many failed."""
        failures = 0
        for rule in rules:
            try:
                rule(answer, user.variables)
            except RuleError as error:
                failures += 1
                failure = rule_failed(error.kind, error.subkind, str(error))
                # A request whose answer is wrong has failed. Its second may be over when its dependents have come.
                fails = in_time and failures == 1 and user.page_end is PASSED and answer.counted
                self._count_broken(user, answer, failure, fails)
        return failures

    def _count_broken(self, user: "VirtualUser", answer: Answer, failure: Failure, fails: bool = False) -> None:
        """An answer is not as it should be; `fails`: that fails its request."""
        measure = answer.measure
        if user.page_at < user.load.measured_from or (measure is not None and not measure.recorded):
            return
        if fails and measure is not None:
            measure.failed += 1
        name = measure.name if measure is not None else self._name
        self._measures.error(failure, name, answer.url, self._request.method)
        user.load.examples.failed_rule(name, answer, failure)

    def _count(self, user: "VirtualUser", ended_at: int, passed: bool) -> None:
        if user.page_at < user.load.measured_from:
            return
        time = ended_at - user.page_at
        measure = self._measure or self._measures.page(self._name._replace(item=self._request.reported(user.variables)))
        measure.times.append(time // 1000)
        if not passed:
            measure.failed += 1
        if self._goal is not None:
            measure.goals += 1
            measure.goal_us += self._goal // 1000
            if time <= self._goal:
                measure.goals_met += 1


def compile_page(
    page: Page, test: Test, browser: Browser, name: Name, requests: Requests, measures: Measures, largest_body: int
) -> CompiledPage:
    """Raises ValueError where a request or a rule of the page can never be executed."""
    request = page.request
    looks = request.extract or any(not isinstance(rule, _BODILESS) for rule in request.validate) or page.find_dependents
    keep = largest_body if looks else 1 if request.validate or page.dependents else 0
    unknown = test.keep_unknown
    main = requests.compile(request, browser, name, test.credentials, keep, unknown)
    rules, after = _compile_rules(request, unknown)
    dependents = [
        requests.compile(_of_page(dependent, request), browser, name, test.credentials, 0, unknown)
        for dependent in page.dependents
    ]
    find = _finder(requests, browser, name, test, request) if page.find_dependents else None
    return CompiledPage(main, dependents, find, rules, after, request.goal, request.charset, test, name, measures)


def _of_page(dependent: Request, page: Request) -> Request:
    """A dependent has the time-out of its page where it has none (reference: visual-studio-formats, 1.8)."""
    return dependent if dependent.timeout is not None else replace(dependent, timeout=page.timeout)


def _compile_rules(request: Request, keep_unknown: bool) -> tuple[list[Rule], list[Rule]]:
    """The rules for before and after the dependents, extractions first."""
    if not request.extract and not request.validate:
        return [], []
    # Not before somebody needs them: the libraries behind the rules take a tenth of a second to load.
    from headrace.engine.rules.extraction import compile_extraction
    from headrace.engine.rules.validation import compile_validation

    before: list[Rule] = [compile_extraction(rule, keep_unknown) for rule in request.extract]
    before += [compile_validation(rule, keep_unknown) for rule in request.validate if not rule.after_dependents]
    return before, [compile_validation(rule, keep_unknown) for rule in request.validate if rule.after_dependents]


def _why_unmade(error: UnboundError | UnpreparedError) -> Failure:
    return unbound(error.name) if isinstance(error, UnboundError) else error.failure


# Rules that need the head and the times only.
_BODILESS = (CheckStatus, CheckResponseTime, CheckUrl)


def _finder(
    requests: Requests, browser: Browser, name: Name, test: Test, page: Request
) -> Callable[[Answer], list[CompiledRequest]]:
    from headrace.engine.rules.dependents import find_dependents  # not before somebody needs it, as for rules

    known: dict[tuple[str, bool], CompiledRequest | None] = {}

    def compiled(url: str, home: bool) -> CompiledRequest | None:
        if (url, home) not in known:
            if len(known) >= _MOST_FOUND:
                known.clear()
            # Braces in a URL that a server sent are no template.
            literal = Request(
                url.replace("{", "%7B").replace("}", "%7D"), timeout=page.timeout, cache=True, recorded=page.recorded
            )
            try:
                known[url, home] = requests.compile(
                    literal, browser, name, test.credentials if home else None, keep_unknown=test.keep_unknown
                )
            except ValueError:
                known[url, home] = None  # no URL that may be requested: a browser would not fetch it either
        return known[url, home]

    def find(answer: Answer) -> list[CompiledRequest]:
        # The credentials are for the page's host, not for whatever hosts it names.
        found = [compiled(url, same_host(answer.requested, url)) for url in find_dependents(answer)]
        return [request for request in found if request is not None]

    return find
