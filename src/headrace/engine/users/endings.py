"""How an iteration comes to an end before its last step."""

from headrace.plan.model import OnError
from headrace.plan.steps import Ending


class LeaveError(Exception):
    """The iteration ends here; with it the user, or the whole load test. Where it does not count, it was none."""

    def __init__(self, ending: Ending, counts: bool = True) -> None:
        super().__init__(ending.value)
        self.ending = ending
        self.counts = counts


class CutError(Exception):
    """The load has ended, in the middle of this iteration."""


def leave_on_failure(on_error: OnError) -> Ending | None:
    """What a failed page ends; None where the iteration goes on."""
    return {
        OnError.CONTINUE: None,
        OnError.STOP_ITERATION: Ending.ITERATION,
        OnError.STOP_USER: Ending.USER,
        OnError.STOP_TEST: Ending.TEST,
    }[on_error]


def ends_user(ending: Ending | None) -> bool:
    return ending is Ending.USER or ending is Ending.TEST
