"""Load profiles: how many users a scenario has, and when (reference: visual-studio-formats, 5.2)."""

import re

from headrace.plan.limits import LONGEST, MOST_USERS
from headrace.plan.load import Constant, Goal, GoalCounter, Load, Steps
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.xml_tree import Element

# Counters of the load test itself that a goal can be set for.
_OF_THE_TEST = {
    ("loadtest:request", "requests/sec"): GoalCounter.REQUESTS_PER_SECOND,
    ("loadtest:request", "avg. response time"): GoalCounter.RESPONSE_TIME,
    ("loadtest:page", "avg. page time"): GoalCounter.PAGE_TIME,
    ("loadtest:test", "tests/sec"): GoalCounter.TESTS_PER_SECOND,
    ("loadtest:errors", "errors/sec"): GoalCounter.ERRORS_PER_SECOND,
}
_POSSIBLE = (
    "Requests/Sec and Avg. Response Time of LoadTest:Request, Avg. Page Time of LoadTest:Page, Tests/Sec of LoadTest:Test, "
    "Errors/Sec of LoadTest:Errors, and the agents' own Processor, % Processor Time, _Total"
)
_AGENT = re.compile(r"|\.|localhost|\[agent machines\]|agent ?[0-9]*", re.IGNORECASE)
_CONSTANT = ("InitialUsers",)
_STEP = ("InitialUsers", "MaxUsers", "StepUsers", "StepDuration", "StepRampTime")
_GOAL = (
    "InitialUsers",
    "MachineName",
    "CategoryName",
    "CounterName",
    "InstanceName",
    "CounterPath",
    "MinUserCount",
    "MaxUserCount",
    "MaxUserCountIncrease",
    "MaxUserCountDecrease",
    "MinTargetValue",
    "MaxTargetValue",
    "HigherValuesBetter",
    "StopAdjustingAtGoal",
)


def read_load_profile(reading: Reading, scenario: Element, sampling_interval: int) -> Load | None:
    """The load of a scenario; None, and an error, where it has none that makes sense.

    A goal's counter is looked at every `sampling_interval` seconds.
    """
    profile = scenario.first("LoadProfile")
    if profile is None:
        reading.error(scenario, "it has no LoadProfile, which says how many users there are; give it one")
        return None
    pattern = reading.text(profile, "Pattern").strip()
    match pattern.lower():
        case "constant":
            reading.expect(profile, ("Pattern", *_CONSTANT), ())
            return Constant(_users(reading, profile, "InitialUsers", 1))
        case "step":
            reading.expect(profile, ("Pattern", *_STEP), ())
            return _read_steps(reading, profile)
        case "goalbased":
            reading.expect(profile, ("Pattern", *_GOAL), ())
            return _read_goal(reading, profile, float(sampling_interval))
        case _:
            reading.error(profile, f"Pattern is {shown(pattern)}; give Constant, Step or GoalBased")
            return None


def _users(reading: Reading, profile: Element, attribute: str, least: int = 0) -> int:
    if not reading.text(profile, attribute).strip():
        reading.error(profile, f"{attribute} is missing; give a number of users")
    return reading.whole(profile, attribute, least, least, MOST_USERS)


def _read_steps(reading: Reading, profile: Element) -> Steps:
    initial, most = _users(reading, profile, "InitialUsers"), _users(reading, profile, "MaxUsers", 1)
    if initial > most:
        reading.warn(profile, f"InitialUsers is {initial}, above MaxUsers; there are {most} from the start")
    every = reading.number(profile, "StepDuration", 0.0, 0, LONGEST)
    if not every:
        reading.error(profile, "StepDuration is missing or 0; give the seconds that a step lasts")
        every = 1.0
    ramp = reading.number(profile, "StepRampTime", 0.0, 0, LONGEST)
    if ramp > every:
        reading.warn(profile, f"StepRampTime is {ramp:g}, longer than a step lasts; users come over all of its {every:g} s")
    return Steps(min(initial, most), _users(reading, profile, "StepUsers"), every, most, min(ramp, every))


def _read_goal(reading: Reading, profile: Element, interval: float) -> Goal | None:
    counter = _read_counter(reading, profile)
    low, high = (reading.number(profile, name, 0.0, 0, 1e12) for name in ("MinTargetValue", "MaxTargetValue"))
    if low > high:
        reading.error(profile, f"MinTargetValue is {low:g}, above MaxTargetValue, which is {high:g}; exchange them")
    least, most = _users(reading, profile, "MinUserCount"), _users(reading, profile, "MaxUserCount", 1)
    if least > most:
        reading.error(profile, f"MinUserCount is {least}, above MaxUserCount, which is {most}; exchange them")
    given = _users(reading, profile, "InitialUsers")
    initial = min(max(given, least), most)
    if initial != given:
        reading.warn(
            profile, f"InitialUsers is {given}, outside MinUserCount and MaxUserCount; the load begins with {initial}"
        )
    if counter is None or low > high or least > most:
        return None
    return Goal(
        counter,
        low,
        high,
        initial,
        least,
        most,
        most_added=_users(reading, profile, "MaxUserCountIncrease"),
        most_removed=_users(reading, profile, "MaxUserCountDecrease"),
        interval=interval,
        more_is_less=reading.flag(profile, "HigherValuesBetter"),
        stop_at_goal=reading.flag(profile, "StopAdjustingAtGoal"),
    )


def _read_counter(reading: Reading, profile: Element) -> GoalCounter | None:
    """The counter that the goal is for. The load test's own are the same on whatever machine the author had them."""
    machine, category, name, instance = (
        reading.text(profile, attribute).strip()
        for attribute in ("MachineName", "CategoryName", "CounterName", "InstanceName")
    )
    whole = instance.lower() in ("", "_total")
    counter = _OF_THE_TEST.get((category.lower(), name.lower()))
    if (category.lower(), name.lower()) == ("processor", "% processor time") and _AGENT.fullmatch(machine):
        counter = GoalCounter.GENERATOR_CPU
    if counter is not None and whole:
        return counter
    wanted = ", ".join(part for part in (machine, category, name, instance) if part)
    reading.error(profile, f"the goal's counter, {shown(wanted)}, is not measured here; possible are {_POSSIBLE}")
    return None
