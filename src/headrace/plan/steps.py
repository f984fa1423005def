"""What a virtual user does in an iteration, step by step. Texts are templates unless said otherwise."""

from enum import StrEnum

from headrace.plan.conditions import Condition
from headrace.plan.pauses import Pause
from headrace.plan.requests import Page, Request
from headrace.plan.rules import Scope
from headrace.plan.value import Value


class Think(Value, frozen=True, tag="think", tag_field="step"):
    """A pause."""

    time: Pause


class Transaction(Value, frozen=True, tag="transaction", tag_field="step"):
    """Steps that are timed together under a name (no template); transactions may be nested."""

    name: str
    steps: tuple["Step", ...]


class SetVariables(Value, frozen=True, tag="set", tag_field="step"):
    """Gives variables (their names are no templates) values."""

    variables: tuple[tuple[str, str], ...]
    scope: Scope = Scope.ITERATION


class UsedUp(StrEnum):
    """What follows where a source has no row left."""

    STOP_USER = "stop user"
    LEAVE_OUT_TEST = "leave out test"  # the scenario runs this test no more, and goes on with the others of its mix


class TakeRow(Value, frozen=True, tag="row", tag_field="step"):
    """Takes the next row of a data source (no template) and sets its columns as variables.

    An iteration that has done nothing yet when it finds no row is none.
    """

    source: str
    used_up: UsedUp = UsedUp.STOP_USER


class Repeat(Value, frozen=True, tag="repeat", tag_field="step"):
    """Runs its steps `times` times (a whole number; less than 0: without end).

    `variable`, where given, counts the passes: `first` in the first, then `increment` more in each.
    """

    times: str
    steps: tuple["Step", ...]
    variable: str = ""
    first: float = 1
    increment: float = 1


class While(Value, frozen=True, tag="while", tag_field="step"):
    """Runs its steps as long as the condition holds before each pass, `at_most` times where that is given."""

    condition: Condition
    steps: tuple["Step", ...]
    at_most: int | None = None


class ForEach(Value, frozen=True, tag="for each", tag_field="step"):
    """Runs its steps for the values of `<variables>_1`, `<variables>_2`, ... in turn, until one is not set.

    `variable` has the value in each pass. `first` and `last` limit the numbers (from 1).
    """

    variables: str
    variable: str
    steps: tuple["Step", ...]
    first: int = 1
    last: int | None = None


class ForTime(Value, frozen=True, tag="for time", tag_field="step"):
    """Runs its steps again and again until so many seconds have passed; checked before each pass."""

    seconds: float
    steps: tuple["Step", ...]


class If(Value, frozen=True, tag="if", tag_field="step"):
    condition: Condition
    then: tuple["Step", ...]
    otherwise: tuple["Step", ...] = ()


class Option(Value, frozen=True):
    """One way of a choice and its weight; weights need not add up to 100."""

    steps: tuple["Step", ...]
    weight: float = 1.0


class Chance(StrEnum):
    """How one of several options is chosen: by lot, or in turn so that each user keeps the weights as exactly as it can."""

    RANDOM = "random"
    IN_TURN = "in turn"


class Choose(Value, frozen=True, tag="choose", tag_field="step"):
    """Runs one of its options."""

    options: tuple[Option, ...]
    by: Chance = Chance.RANDOM


class Shuffle(Value, frozen=True, tag="shuffle", tag_field="step"):
    """Runs its steps in a random order."""

    steps: tuple["Step", ...]


class Once(Value, frozen=True, tag="once", tag_field="step"):
    """Runs its steps in the user's first iteration of this test only."""

    steps: tuple["Step", ...]


class Ending(StrEnum):
    ITERATION = "iteration"
    USER = "user"
    TEST = "test"  # the whole load test


class Stop(Value, frozen=True, tag="stop", tag_field="step"):
    """Ends the iteration here, or the user, or the whole load test, and fails the iteration where `failed`."""

    what: Ending = Ending.ITERATION
    failed: bool = False


Step = (
    Request
    | Page
    | Think
    | Transaction
    | SetVariables
    | TakeRow
    | Repeat
    | While
    | ForEach
    | ForTime
    | If
    | Choose
    | Shuffle
    | Once
    | Stop
)
