"""What pauses mean: how long a virtual user thinks, in seconds."""

from collections.abc import Callable, Iterator
from random import Random
from typing import assert_never

from headrace.plan.limits import judge_order, judge_seconds
from headrace.plan.pauses import Exponential, Normal, Pause, Uniform


def compile_pause(pause: Pause) -> Callable[[Random], float]:
    """A function that gives the next pause in seconds, never below 0."""
    match pause:
        case Uniform(low=low, high=high):
            width = high - low
            return lambda random: low + width * random.random()
        case Normal(mean=mean, deviation=deviation):
            return lambda random: max(0.0, random.gauss(mean, deviation))
        case Exponential(mean=mean):
            # times the mean, not divided by a rate: a mean of 0 is no pause
            return lambda random: mean * random.expovariate(1.0)
        case float() | int():
            seconds = float(pause)
            return lambda _random: seconds
        case _:
            assert_never(pause)


def is_none(pause: Pause) -> bool:
    """Whether every pause is 0, so that no timer is needed."""
    match pause:
        case Uniform(high=high):
            return high <= 0
        case Normal(mean=mean, deviation=deviation):
            return mean <= 0 and deviation == 0
        case Exponential(mean=mean):
            return mean <= 0
        case float() | int():
            return pause <= 0
        case _:
            assert_never(pause)


def judge_pause(pause: Pause, what: str) -> Iterator[str]:
    """What is wrong with a pause, a sentence each; `what` names it."""
    match pause:
        case Uniform(low=low, high=high):
            yield from judge_seconds(f"{what}.low", low)
            yield from judge_seconds(f"{what}.high", high)
            yield from judge_order(f"{what}.low", low, f"{what}.high", high)
        case Normal(mean=mean, deviation=deviation):
            yield from judge_seconds(f"{what}.mean", mean)
            yield from judge_seconds(f"{what}.deviation", deviation)
        case Exponential(mean=mean):
            yield from judge_seconds(f"{what}.mean", mean)
        case float() | int():
            yield from judge_seconds(what, pause)
        case _:
            assert_never(pause)
