"""What a web test does not say itself: the load test, the run setting and the user around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from headrace.plan.pauses import Pause
from headrace.plan.readers.visual_studio.reading import Choices


class Level(IntEnum):
    """The level of a validation rule, and of a run: a rule is judged where its level is not above the run's."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`think_time` makes a pause of a request's ThinkTime in seconds, as the scenario's think profile has it.

    `parameters` are the context parameters of the active run setting. `lasting`: what the test puts into its context is kept
    for the user's other tests (an InitializeTest).
    """

    choices: Choices = field(default_factory=Choices)
    level: Level = Level.HIGH
    think_time: Callable[[float], Pause] = float
    parameters: Mapping[str, str] = field(default_factory=dict)
    lasting: bool = False
