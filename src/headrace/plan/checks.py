"""What the types of a Plan do not say: that names are known and different, numbers make sense, and URLs may be tested.

Run no plan of which one of the findings is an error. Readers need not judge what is judged here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from headrace.plan.diagnostics import Diagnostic, Severity
from headrace.plan.expression_checks import judge_expressions
from headrace.plan.limits import MOST_USERS, judge_number, judge_seconds
from headrace.plan.load import Arrivals
from headrace.plan.model import Mix, Plan, Scenario, Test, Tls
from headrace.plan.proxy_checks import judge_proxy
from headrace.plan.script_checks import doubt_scripts, judge_scripts, judge_sizes
from headrace.plan.shapes import judge_load, most_users
from headrace.plan.step_checks import MOST, judge_headers, judge_step, judge_weights, shown
from headrace.plan.steps import TakeRow, UsedUp
from headrace.plan.templates import parse_template
from headrace.plan.thinking import is_none, judge_pause
from headrace.plan.threshold_checks import MOST_THRESHOLDS, doubt_threshold, judge_threshold
from headrace.plan.variable_checks import judge_variables
from headrace.plan.walk import templates, walk

MOST_TESTS = 1000
MOST_SCENARIOS = 1000
MOST_SOURCES = 1000
MOST_SHARES = 1000
MOST_STEPS = 100_000
LARGEST_DATA = 64 * 1024 * 1024  # characters
LONGEST_NAME = 1000
LONGEST_TIMEOUT = 3600.0
MOST_ITERATIONS = 10**12
MOST_FINDINGS = 100

_VERSIONS = ("", "1.0", "1.1", "1.2", "1.3")


def check_plan(plan: Plan) -> list[Diagnostic]:
    """All that is wrong with a plan, the first MOST_FINDINGS errors and warnings."""
    sizes = list(_judge_sizes(plan))
    if sizes:  # what is too large is not looked at in detail
        return _findings(Severity.ERROR, sizes)
    errors = _findings(Severity.ERROR, _judge(plan))
    return errors + _findings(Severity.WARNING, _doubt(plan))


def _findings(severity: Severity, sentences: Iterable[str]) -> list[Diagnostic]:
    told = [Diagnostic(severity, f"{sentence}.") for sentence in islice(sentences, MOST_FINDINGS + 1)]
    if len(told) > MOST_FINDINGS:
        told[MOST_FINDINGS] = Diagnostic(severity, "There is more of this kind; it is told when this is put right.")
    return told


def _judge_sizes(plan: Plan) -> Iterator[str]:
    for what, several, most in (
        ("tests", plan.tests, MOST_TESTS),
        ("scenarios", plan.scenarios, MOST_SCENARIOS),
        ("data", plan.data, MOST_SOURCES),
        ("thresholds", plan.thresholds, MOST_THRESHOLDS),
    ):
        if len(several) > most:
            yield f"{what} has {len(several)} entries; at most {most} are taken"
    steps = (step for test in plan.tests for step in walk(test.steps))
    if sum(1 for _ in islice(steps, MOST_STEPS + 1)) > MOST_STEPS:
        yield f"tests have more than {MOST_STEPS} steps together; give fewer, or shorter tests"
    for scenario in plan.scenarios:
        for what, shares in (("mix", scenario.mix), ("browsers", scenario.browsers), ("networks", scenario.networks)):
            if len(shares) > MOST_SHARES:
                yield f"scenario '{scenario.name}': {what} has {len(shares)} entries; at most {MOST_SHARES} are taken"
    size = sum(len(text) for source in plan.data for row in source.rows for text in row)
    if size > LARGEST_DATA:
        yield f"data: the rows have {size} characters; at most {LARGEST_DATA} are taken"
    yield from judge_sizes(plan)


def _judge(plan: Plan) -> Iterator[str]:
    yield from _judge_name("name", plan.name)
    yield from _judge_numbers(plan)
    yield from _judge_names("tests", [test.name for test in plan.tests])
    yield from _judge_names("scenarios", [scenario.name for scenario in plan.scenarios])
    yield from _judge_names("data", [source.name for source in plan.data], least=0)
    yield from _judge_templates(plan.variables, "variables")
    for scenario in plan.scenarios:
        yield from _inside(f"scenario '{scenario.name}'", _judge_scenario(scenario, plan))
    users = sum(most_users(scenario.load) for scenario in plan.scenarios)
    if users > MOST_USERS:
        yield f"scenarios: there may be {users} users together; at most {MOST_USERS} are possible"
    for test in plan.tests:
        yield from _inside(f"test '{test.name}'", _judge_test(test, plan))
    yield from _judge_data(plan)
    yield from judge_proxy(plan.proxy, plan.targets)
    yield from _judge_tls(plan.tls)
    for index, threshold in enumerate(plan.thresholds):
        yield from _inside(f"thresholds[{index}]", judge_threshold(threshold))
    yield from judge_scripts(plan)


def _doubt(plan: Plan) -> Iterator[str]:
    yield from judge_variables(plan)
    used = {share.test for scenario in plan.scenarios for share in scenario.mix}
    used |= {name for scenario in plan.scenarios for name in (scenario.first, scenario.last)}
    for test in plan.tests:
        if test.name not in used:
            yield f"test '{test.name}' is in no scenario and never runs"
    for scenario in plan.scenarios:
        yield from _inside(f"scenario '{scenario.name}'", _doubt_scenario(scenario))
    instances = {
        "LoadTest:Scenario": [scenario.name for scenario in plan.scenarios],
        "LoadTest:Test": [test.name for test in plan.tests],
    }
    for index, threshold in enumerate(plan.thresholds):
        yield from _inside(f"thresholds[{index}]", doubt_threshold(threshold, instances))
    yield from doubt_scripts(plan)


def _doubt_scenario(scenario: Scenario) -> Iterator[str]:
    """What is given twice, so that one of the two has no effect."""
    if isinstance(scenario.load, Arrivals):
        told = "but the load's arrivals say when iterations begin"
        if not is_none(scenario.think_time):
            yield f"think_time is given, {told}; it has no effect, leave it out"
        if scenario.mix_by is Mix.PACING:
            yield f"mix_by is 'pacing', {told}; the shares are weights, write mix_by: tests started"
    elif scenario.mix_by is Mix.PACING and scenario.pacing is not None:
        yield "pacing is given, but with mix_by 'pacing' the shares say when iterations begin; leave it out"


def _inside(where: str, sentences: Iterable[str]) -> Iterator[str]:
    return (f"{where}, {sentence}" for sentence in sentences)


def _judge_name(what: str, name: str) -> Iterator[str]:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        yield f"{what} is {shown(name)}; give 1 to {LONGEST_NAME} printable characters"


def _judge_names(what: str, names: list[str], least: int = 1) -> Iterator[str]:
    """Names that others refer to by: there, and different."""
    if len(names) < least:
        yield f"{what} is empty; give at least one"
    for index, name in enumerate(names):
        yield from _judge_name(f"{what}[{index}].name", name)
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{what}: {times} have the name '{name}'; give each a name of its own"


def _judge_numbers(plan: Plan) -> Iterator[str]:
    yield from judge_seconds("duration", plan.duration, 0.001)
    yield from judge_seconds("warm_up", plan.warm_up)
    yield from judge_seconds("cool_down", plan.cool_down)
    yield from judge_number("sampling_interval", plan.sampling_interval, 1, 3600, "whole seconds")
    yield from judge_number("request_timeout", plan.request_timeout, 0.001, LONGEST_TIMEOUT, "seconds")
    yield from judge_number("max_redirects", plan.max_redirects, 0, 1000, "a number of redirects")
    yield from judge_number("pool_size", plan.pool_size, 1, 100_000, "a number of connections")
    yield from judge_number("largest_body", plan.largest_body, 0, 64 * 1024 * 1024, "bytes")
    if plan.iterations is not None:
        yield from judge_number("iterations", plan.iterations, 1, MOST_ITERATIONS, "a number of iterations")
    yield from judge_number("seed", plan.seed, -(2**63), 2**63 - 1, "a whole number")


def _judge_scenario(scenario: Scenario, plan: Plan) -> Iterator[str]:
    tests = {test.name for test in plan.tests}
    yield from _judge_mix(scenario, tests)
    for what, name in (("first", scenario.first), ("last", scenario.last)):
        if name and name not in tests:
            yield f"{what} is '{name}', and there is no such test; there are {_listed(tests)}"
    wrong = False
    for sentence in judge_load(scenario.load):
        wrong = True
        yield sentence
    if not wrong and most_users(scenario.load) < 1:
        yield "load never has a user; give at least 1"
    yield from judge_pause(scenario.think_time, "think_time")
    yield from judge_seconds("delay", scenario.delay)
    yield from judge_number("pacing_deviation", scenario.pacing_deviation, 0, 10, "a share of the pacing")
    yield from judge_number("new_users", scenario.new_users, 0, 100, "percent")
    if scenario.pacing is not None:
        yield from judge_seconds("pacing", scenario.pacing)
        if isinstance(scenario.load, Arrivals):
            yield "pacing is given, but the load's arrivals say when iterations begin; leave out one of the two"
    for what, number in (("iterations", scenario.iterations), ("iterations_per_user", scenario.iterations_per_user)):
        if number is not None:
            yield from judge_number(what, number, 1, MOST_ITERATIONS, "a number of iterations")
    yield from _judge_browsers(scenario)
    yield from _judge_networks(scenario)


def _judge_mix(scenario: Scenario, tests: set[str]) -> Iterator[str]:
    if not scenario.mix:
        yield "mix is empty; give at least one test"
        return
    for index, share in enumerate(scenario.mix):
        if share.test not in tests:
            yield f"mix[{index}].test is '{share.test}', and there is no such test; there are {_listed(tests)}"
    if scenario.mix_by is not Mix.SEQUENTIAL:
        yield from judge_weights([share.share for share in scenario.mix], "mix")


def _judge_browsers(scenario: Scenario) -> Iterator[str]:
    yield from _judge_names("browsers", [share.browser.name for share in scenario.browsers])
    yield from judge_weights([share.weight for share in scenario.browsers], "browsers")
    for share in scenario.browsers:
        what = f"browser '{share.browser.name}'"
        yield from judge_headers(share.browser.headers, f"{what}, headers")
        yield from judge_number(f"{what}, connections_per_host", share.browser.connections_per_host, 1, 256, "a number")


def _judge_networks(scenario: Scenario) -> Iterator[str]:
    if not scenario.networks:
        return
    yield from _judge_names("networks", [share.network.name for share in scenario.networks])
    yield from judge_weights([share.weight for share in scenario.networks], "networks")
    for share in scenario.networks:
        network, what = share.network, f"network '{share.network.name}'"
        for name, rate in (("down", network.down), ("up", network.up)):
            if rate is not None:
                yield from judge_number(f"{what}, {name}", rate, 0.1, MOST, "kilobits a second")
        for name, seconds in (("latency_down", network.latency_down), ("latency_up", network.latency_up)):
            yield from judge_number(f"{what}, {name}", seconds, 0, 60, "seconds")


def _judge_test(test: Test, plan: Plan) -> Iterator[str]:
    if not test.steps:
        yield "steps is empty; give at least one"
    yield from _judge_templates(test.variables, "variables")
    if test.credentials is not None:
        yield from _judge_templates(test.credentials, "credentials")
    sources = {source.name for source in plan.data}
    own = {source.name for source in plan.data if source.per_user}
    for place, depth, step in walk(test.steps):
        yield from judge_step(step, place, depth, plan.targets)
        yield from judge_expressions(step, place)
        if isinstance(step, TakeRow) and step.source not in sources:
            yield f"{place}.source is '{step.source}', and there is no such data; there is {_listed(sources)}"
        if isinstance(step, TakeRow) and step.used_up is UsedUp.LEAVE_OUT_TEST and step.source in own:
            told = "but each user has the rows of this source for itself"
            yield f"{place}.used_up is '{step.used_up}', {told}; take per_user from '{step.source}', or write: stop user"


def _judge_templates(value: object, place: str) -> Iterator[str]:
    for where, text in templates(value, place):
        try:
            parse_template(text)
        except ValueError as error:
            yield f"{where} is {shown(text)}: {error}"


def _judge_data(plan: Plan) -> Iterator[str]:
    for source in plan.data:
        what = f"data '{source.name}'"
        if source.file:
            yield f"{what}: the file '{source.file}' has not been read into rows"
            continue
        if len(source.delimiter) != 1:
            yield f"{what}, delimiter is {shown(source.delimiter)}; give one character"
        yield from _inside(what, _judge_names("columns", list(source.columns)))
        if not source.rows:
            yield f"{what} has no rows; give at least one"
        for index, row in enumerate(source.rows):
            if len(row) != len(source.columns):
                yield f"{what}, rows[{index}] has {len(row)} values for {len(source.columns)} columns"


def _judge_tls(tls: Tls) -> Iterator[str]:
    for what, version in (("lowest", tls.lowest), ("highest", tls.highest)):
        if version not in _VERSIONS:
            yield f"tls.{what} is {shown(version)}; give one of {', '.join(_VERSIONS[1:])}"
    if tls.lowest and tls.highest and tls.lowest > tls.highest:
        yield f"tls.lowest is {tls.lowest}, above tls.highest {tls.highest}; exchange them"
    if tls.key and not tls.certificate:
        yield "tls.key is given without a certificate; give tls.certificate too"
    for what, text in (("authorities", tls.authorities), ("certificate", tls.certificate), ("key", tls.key)):
        if text and "-----BEGIN " not in text:
            yield f"tls.{what} is no PEM; give the text from '-----BEGIN ...' on, not the name of a file"


def _listed(names: set[str]) -> str:
    some = sorted(names)[:20]
    return ", ".join(f"'{name}'" for name in some) + (", …" if len(names) > len(some) else "") if names else "none"
