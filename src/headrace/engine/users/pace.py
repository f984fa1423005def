"""When a user's iterations should begin, where that is not simply after the last one."""

from math import inf
from typing import TYPE_CHECKING

from headrace.engine.http.failures import Failure
from headrace.plan.mix import PacedMix, SequentialMix, stagger
from headrace.plan.model import Mix, Scenario

if TYPE_CHECKING:
    from headrace.engine.users.user import VirtualUser

SECOND = 1_000_000_000
_MOST_OWED = 100_000


def paced_intervals(scenario: Scenario) -> list[float] | None:
    """How many seconds apart a user's starts of each test are, where the mix is by pacing."""
    if scenario.mix_by is not Mix.PACING:
        return None
    return [3600 / part.share if part.share else inf for part in scenario.mix]


def overrun(test: str, seconds: float) -> Failure:
    """An iteration lasted longer than the pacing of its test (reference: visual-studio-formats, 5.4)."""
    told = (
        f"An iteration of the test '{test}' lasted longer than its pacing of {seconds:g} seconds; the next one begins late."
    )
    return Failure("Exception", "LoadTestException", told)


class Pace:
    """A user's own schedule. `due` is when the iteration that `next` chose should begin, in ns; None: when the user is free.

    Users who came together do not begin together: each has an offset of its own, or the load would come in bursts.
    """

    __slots__ = ("_deviation", "_interval", "_number", "_offset", "_paced", "_sequential", "_start", "_user", "due")

    def __init__(self, scenario: Scenario, user: "VirtualUser") -> None:
        self.due: int | None = None
        self._user = user
        self._start = user.now
        self._number = 0
        self._offset = stagger(user.number)
        self._interval = scenario.pacing
        self._deviation = scenario.pacing_deviation / 2**0.5  # an interval has the deviations of both its ends in it
        rates = [part.share for part in scenario.mix]
        self._sequential = SequentialMix(len(rates)) if scenario.mix_by is Mix.SEQUENTIAL else None
        paced = scenario.mix_by is Mix.PACING
        self._paced = PacedMix(rates, self._offset, scenario.pacing_deviation, user.random) if paced else None

    @classmethod
    def make(cls, scenario: Scenario, user: "VirtualUser") -> "Pace | None":
        """None where the user needs no schedule of its own."""
        own = scenario.pacing is not None or scenario.mix_by in (Mix.PACING, Mix.SEQUENTIAL)
        return cls(scenario, user) if own else None

    def leave_out(self, test: int) -> None:
        """The user runs this test of the mix no more; one has to be left."""
        if self._paced is not None:
            self._paced.leave_out(test)
        elif self._sequential is not None:
            self._sequential.leave_out(test)

    def owes(self, until: int) -> bool:
        """Whether another iteration should begin before `until`, in ns."""
        if self._paced is not None:
            return self._start + int(self._paced.due * SECOND) < until
        if self._interval is not None:
            return self._start + int((self._number + self._offset) * self._interval * SECOND) < until
        return False

    def owed(self, until: int) -> int:
        """How many more iterations should have begun before `until`; they are given up."""
        count = 0
        while count < _MOST_OWED and self.owes(until):
            self.next()
            count += 1
        return count

    def next(self) -> int | None:
        """Which test of the mix is next; None where the scenario's mix decides."""
        if self._paced is not None:
            test, seconds = self._paced.next()
            self.due = self._start + int(seconds * SECOND)
            return test
        if self._interval is not None:
            place = self._number + self._offset
            if self._deviation:
                # Around the exact schedule, half an interval at most: the rate holds, and starts never change places.
                place += min(max(self._user.random.gauss(0.0, self._deviation), -0.5), 0.5)
            self.due = self._start + int(max(0.0, place) * self._interval * SECOND)
            self._number += 1
        return self._sequential.next() if self._sequential is not None else None
