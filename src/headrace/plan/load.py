"""Load shapes: how many virtual users there are, or how many iterations begin, at every instant.

Closed shapes say how many users there are, each beginning its next iteration when the last has ended. Open shapes say when
iterations begin, whatever became of the earlier ones. Times are seconds from the start of the scenario; users and rates are
those of the whole test, whatever number of engines shares them. What they mean is in `plan/shapes.py`.
"""

from enum import StrEnum

from headrace.plan.value import Value


class Constant(Value, frozen=True, tag="constant", tag_field="shape"):
    """The same number of users from start to end."""

    users: int


class Steps(Value, frozen=True, tag="steps", tag_field="shape"):
    """`initial` users, and `step` more every `every` seconds up to `maximum`; a step ramps up over its first `ramp` seconds.

    As the Step pattern of `.loadtest` (reference: visual-studio-formats, 5.2). 0 <= ramp <= every.
    """

    initial: int
    step: int
    every: float
    maximum: int
    ramp: float = 0.0


class Stage(Value, frozen=True):
    """A linear change to `users` over `duration` seconds; a duration of 0 is a jump."""

    duration: float
    users: int


class Stages(Value, frozen=True, tag="stages", tag_field="shape"):
    """From `start` users through one stage after the other; the last number of users stays."""

    stages: tuple[Stage, ...]
    start: int = 0


class GoalCounter(StrEnum):
    """What a goal-based load can keep within bounds: as this test measures it, all engines together."""

    REQUESTS_PER_SECOND = "requests per second"
    TESTS_PER_SECOND = "tests per second"
    RESPONSE_TIME = "average response time"
    PAGE_TIME = "average page time"
    ERRORS_PER_SECOND = "errors per second"
    GENERATOR_CPU = "generator cpu percent"


class Goal(Value, frozen=True, tag="goal", tag_field="shape"):
    """Users are added and taken away so that `counter` stays from `low` to `high` (reference: visual-studio-formats, 5.2).

    Looked at every `interval` seconds; a change is at most `most_added` or `most_removed` users. Times are seconds.
    `more_is_less`: more users lower the counter (Visual Studio: lower values mean a higher use of the resource).
    """

    counter: GoalCounter
    low: float
    high: float
    initial: int
    minimum: int
    maximum: int
    most_added: int
    most_removed: int
    interval: float = 5.0
    more_is_less: bool = False
    stop_at_goal: bool = False


class Spacing(StrEnum):
    """How arrivals follow one another: evenly, or at random as independent people do (a Poisson process)."""

    EVEN = "even"
    POISSON = "poisson"


class RateStage(Value, frozen=True):
    """A linear change to `rate` iterations a second over `duration` seconds; a duration of 0 is a jump."""

    duration: float
    rate: float


class Arrivals(Value, frozen=True, tag="arrivals", tag_field="shape"):
    """Open: iterations begin at `rate` a second, then through the stages; the last rate stays.

    At most `users` iterations run at once; an arrival that finds no user free is dropped and counted as such.
    """

    rate: float
    users: int
    stages: tuple[RateStage, ...] = ()
    spacing: Spacing = Spacing.EVEN


class Part(Value, frozen=True):
    """One shape of a composition, for `duration` seconds."""

    duration: float
    load: "ClosedLoad"


class Sequence(Value, frozen=True, tag="sequence", tag_field="shape"):
    """Closed shapes one after the other, each from its own start; the last one stays."""

    parts: tuple[Part, ...]


class Sum(Value, frozen=True, tag="sum", tag_field="shape"):
    """Closed shapes at the same time, users added up."""

    loads: tuple["ClosedLoad", ...]


ClosedLoad = Constant | Steps | Stages | Sequence | Sum
Load = Constant | Steps | Stages | Sequence | Sum | Goal | Arrivals
