"""A test compiled: what a virtual user does in an iteration, as a generator.

The generator stands still (`yield`) where the user waits: for the end of its requests, or for the end of a pause. Whoever
ends the wait resumes it. That costs a tenth of what waking a coroutine would; and all that can be done before the load
starts is done here, once a test and browser.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from headrace.engine.http.failures import rule_failed, unbound
from headrace.engine.http.requests import Requests
from headrace.engine.measuring.measures import Measures, TestMeasure, TransactionMeasure
from headrace.engine.rules.rule_errors import RuleError
from headrace.engine.templates import UnboundError, compile_template
from headrace.engine.users.endings import LeaveError, leave_on_failure
from headrace.engine.users.loops import Run, Waits, for_each, for_time, repeat, repeat_while
from headrace.engine.users.page import CompiledPage, compile_page
from headrace.plan.conditions import Condition
from headrace.plan.model import Browser, Plan, Scenario, Test
from headrace.plan.requests import Page, Request
from headrace.plan.rules import Scope
from headrace.plan.steps import (
    Chance,
    Choose,
    Ending,
    ForEach,
    ForTime,
    If,
    Once,
    Repeat,
    SetVariables,
    Shuffle,
    Step,
    Stop,
    TakeRow,
    Think,
    Transaction,
    UsedUp,
    While,
)
from headrace.plan.thinking import compile_pause
from headrace.ticks.tick import Name

if TYPE_CHECKING:
    from headrace.engine.users.user import VirtualUser

Act = Callable[["VirtualUser"], None]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A test as one browser runs it. `begin` gives the variables their values; None where the test has none.

    `pages` are its steps where it has only pages, which saves a generator an iteration; else `run` has to be used.
    `leave` is what a failure ends; None where the iteration goes on.
    """

    name: str
    run: Run
    pages: tuple[CompiledPage, ...]
    begin: Act | None
    leave: Ending | None
    measure: TestMeasure


class Compiler:
    """Compiles the tests of one plan, for the `agent` of this number, from 0, of so many."""

    def __init__(self, plan: Plan, requests: Requests, measures: Measures, agent: tuple[int, int] = (0, 1)) -> None:
        self._plan = plan
        self._agent = agent
        self._requests = requests
        self._measures = measures
        self._numbers = count()

    def program(self, scenario: Scenario, test: Test, browser: Browser) -> Program:
        """Raises ValueError where a step cannot be executed, whatever the values of its variables."""
        name = Name(scenario.name, test.name, "")
        compiler = _TestCompiler(self, test, browser, name)
        steps = [compiler.step(step) for step in test.steps]
        pages = tuple(step for step in steps if isinstance(step, CompiledPage))
        run = _sequence(steps)
        if len(pages) < len(steps):
            pages = ()
        leave = leave_on_failure(test.on_error)
        return Program(test.name, run, pages, self._begin(scenario, test), leave, self._measures.test(name))

    def _begin(self, scenario: Scenario, test: Test) -> Act | None:
        # The plan's first, so that a test's own may be made of them.
        variables = {**dict(self._plan.variables), **dict(test.variables), **dict(self._plan.variables)}
        written = repr((test, variables))
        number, agents = self._agent
        standing = {"$scenario": scenario.name, "$test": test.name, "$agent": str(number), "$agents": str(agents)}
        standing = {name: value for name, value in standing.items() if name in written}
        wants_user, wants_id, wants_iteration = "$user" in written, "$user_id" in written, "$iteration" in written
        several = len(self._plan.scenarios)
        place = next((place for place, each in enumerate(self._plan.scenarios) if each.name == scenario.name), 0)
        templates = [(name, compile_template(text, test.keep_unknown)) for name, text in variables.items()]

        def begin(user: "VirtualUser") -> None:
            values = user.variables
            values.clear()
            values.update(standing)
            if wants_user:
                values["$user"] = str(user.number + 1)
            if wants_id:
                values["$user_id"] = str(user.number * several + place)  # no other scenario's user has it
            if wants_iteration:
                values["$iteration"] = str(user.iteration)
            values.update(values.kept)
            for name, template in templates:
                if name not in values:
                    try:
                        values[name] = template(values)
                    except UnboundError as error:
                        user.fail(unbound(error.name))

        return begin if _has_variables(test) else None

    def page(self, page: Page, test: Test, browser: Browser, name: Name) -> CompiledPage:
        return compile_page(page, test, browser, name, self._requests, self._measures, self._plan.largest_body)

    def transaction(self, name: Name) -> TransactionMeasure:
        return self._measures.transaction(name)

    def number(self) -> int:
        """A number for a step whose state a user keeps."""
        return next(self._numbers)


def _has_variables(test: Test) -> bool:
    """Whether anything in the test can see a variable: a template, a rule, a condition."""
    return (
        "{{" in repr(test)
        or bool(test.variables)
        or any(not isinstance(step, Page | Request | Think) for step in test.steps)
    )


class _TestCompiler:
    """Compiles the steps of one test for one browser."""

    def __init__(self, compiler: Compiler, test: Test, browser: Browser, name: Name) -> None:
        self._compiler = compiler
        self._test = test
        self._browser = browser
        self._name = name
        self._unknown = test.keep_unknown

    def steps(self, steps: Sequence[Step]) -> Run:
        """The steps one after the other."""
        return _sequence([self.step(step) for step in steps])

    def step(self, step: Step) -> "CompiledPage | _Action | Run":
        match step:
            case Request():
                return self._page(Page(step))
            case Page():
                return self._page(step)
            case SetVariables():
                return _Action(self._set(step))
            case TakeRow():
                return _Action(_take_row(step))
            case Stop():
                return _Action(_stop(step))
            case Think():
                return _think(compile_pause(step.time))
            case Transaction():
                measure = self._compiler.transaction(self._name._replace(item=step.name))
                return _transaction(self.steps(step.steps), measure)
            case Choose():
                return self._choose(step)
            case Shuffle():
                return _shuffle([_sequence([self.step(inner)]) for inner in step.steps])
            case Once():
                return _once(self._compiler.number(), self.steps(step.steps))
            case If():
                return self._if(step)
            case _:
                return self._loop(step)

    def _page(self, page: Page) -> CompiledPage:
        return self._compiler.page(page, self._test, self._browser, self._name)

    def _loop(self, step: Repeat | While | ForEach | ForTime) -> Run:
        run = self.steps(step.steps)
        match step:
            case Repeat():
                return repeat(compile_template(step.times, self._unknown), step, run)
            case While():
                return repeat_while(self._condition(step.condition), step.at_most, run)
            case ForEach():
                return for_each(step, run)
            case ForTime():
                return for_time(step.seconds, run)

    def _set(self, step: SetVariables) -> Act:
        templates = [(name, compile_template(text, self._unknown)) for name, text in step.variables]
        keeps = step.scope is Scope.USER

        def act(user: "VirtualUser") -> None:
            variables = user.variables
            for name, template in templates:
                try:
                    value = template(variables)
                except UnboundError as error:
                    user.fail(unbound(error.name))
                    continue
                variables[name] = value
                if keeps:
                    variables.kept[name] = value

        return act

    def _condition(self, condition: Condition) -> Callable[["VirtualUser"], bool]:
        """A condition that cannot be judged is false, and an error is counted (reference: visual-studio-formats, 1.7)."""
        from headrace.engine.rules.conditions import compile_condition  # not before somebody needs it, as for rules

        holds = compile_condition(condition, self._unknown)

        def judge(user: "VirtualUser") -> bool:
            try:
                return holds(user)
            except RuleError as error:
                user.fail(rule_failed(error.kind, error.subkind, str(error)))
                return False

        return judge

    def _if(self, step: If) -> Run:
        holds, then, otherwise = self._condition(step.condition), self.steps(step.then), self.steps(step.otherwise)

        def run(user: "VirtualUser") -> Waits:
            yield from (then if holds(user) else otherwise)(user)

        return run

    def _choose(self, step: Choose) -> Run:
        runs = [self.steps(option.steps) for option in step.options]
        weights = [option.weight for option in step.options]
        number = self._compiler.number()
        if step.by is Chance.RANDOM:

            def run(user: "VirtualUser") -> Waits:
                yield from user.random.choices(runs, weights)[0](user)

            return run

        def in_turn(user: "VirtualUser") -> Waits:
            yield from runs[user.turn(number, weights)](user)

        return in_turn


class _Action:
    """A step that needs no waiting."""

    __slots__ = ("act",)

    def __init__(self, act: Act) -> None:
        self.act = act


def _sequence(steps: Sequence[CompiledPage | _Action | Run]) -> Run:
    kinds = [(_kind(step), step) for step in steps]

    def run(user: "VirtualUser") -> Waits:
        for kind, step in kinds:
            if kind == _PAGE:
                if step.begin(user):  # type: ignore[union-attr]
                    yield
                more = step.end(user)  # type: ignore[union-attr]
                if more is not None:
                    yield from more
            elif kind == _ACTION:
                step.act(user)  # type: ignore[union-attr]
            else:
                yield from step(user)  # type: ignore[operator]

    return run


_PAGE, _ACTION, _RUN = 0, 1, 2


def _kind(step: CompiledPage | _Action | Run) -> int:
    return _PAGE if isinstance(step, CompiledPage) else _ACTION if isinstance(step, _Action) else _RUN


def _take_row(step: TakeRow) -> Act:
    def act(user: "VirtualUser") -> None:
        columns, row = user.take_row(step.source)
        if row is None:
            ending = Ending.USER
            if step.used_up is UsedUp.LEAVE_OUT_TEST:
                user.load.succession.leave_out(user.program.name)
                ending = Ending.ITERATION
            raise LeaveError(ending, counts=user.waits != user.waits_before)  # unless it has done something already
        user.variables.update(zip(columns, row, strict=True))

    return act


def _stop(step: Stop) -> Act:
    def act(user: "VirtualUser") -> None:
        if step.failed:
            user.failures += 1
        raise LeaveError(step.what)

    return act


def _think(pause: Callable[[Random], float]) -> Run:
    def run(user: "VirtualUser") -> Waits:
        seconds = pause(user.random)
        if seconds > 0:
            user.pause(seconds)
            yield

    return run


def _transaction(steps: Run, measure: TransactionMeasure) -> Run:
    def run(user: "VirtualUser") -> Waits:
        began, paused, failures = user.wanted_at, user.paused, user.failures
        try:
            yield from steps(user)
        except LeaveError:
            _end_transaction(user, measure, began, paused, failures)
            raise
        _end_transaction(user, measure, began, paused, failures)

    return run


def _end_transaction(user: "VirtualUser", measure: TransactionMeasure, began: int, paused: int, failures: int) -> None:
    if began < user.load.measured_from:
        return
    time = user.now - began
    measure.times.append(time // 1000)
    measure.responses.append(max(0, time - (user.paused - paused)) // 1000)
    if user.failures > failures:
        measure.failed += 1


def _shuffle(runs: list[Run]) -> Run:
    def run(user: "VirtualUser") -> Waits:
        for one in user.random.sample(runs, len(runs)):
            yield from one(user)

    return run


def _once(number: int, steps: Run) -> Run:
    def run(user: "VirtualUser") -> Waits:
        if user.first_time(number):
            yield from steps(user)

    return run
