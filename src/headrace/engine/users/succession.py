"""What follows an iteration: which test a user runs next, and when it should begin."""

from time import perf_counter_ns
from typing import TYPE_CHECKING

from headrace.engine.users.endings import ends_user
from headrace.engine.users.program import Program
from headrace.engine.users.shaping import OpenShape
from headrace.plan.mix import RunningMix, StartedMix
from headrace.plan.model import Connections, Mix, Plan, Scenario
from headrace.plan.segment import Segment
from headrace.plan.shapes import most_users
from headrace.plan.steps import Ending
from headrace.plan.thinking import compile_pause, is_none

if TYPE_CHECKING:
    from headrace.engine.users.scenario import ScenarioLoad
    from headrace.engine.users.user import VirtualUser

SECOND = 1_000_000_000


def iterations_of(scenario: Scenario, segment: Segment) -> int | None:
    """How many of the scenario's iterations are this segment's; None where there is no limit."""
    if scenario.iterations is None:
        return None
    share = segment.among(most_users(scenario.load))
    return 0 if share is None else len(share.users(scenario.iterations))


class Succession:
    """The order of the iterations of a scenario's users. Times are ns of the performance counter.

    `plain`: an iteration is followed by the same again at once, whatever happened, so that nobody need ask.
    """

    def __init__(self, load: "ScenarioLoad", scenario: Scenario, plan: Plan, segment: Segment) -> None:
        weights = [part.share for part in scenario.mix]
        self._load = load
        self._scenario = scenario
        self._left = iterations_of(scenario, segment)
        self._think = None if is_none(scenario.think_time) else compile_pause(scenario.think_time)
        self._started = StartedMix(weights) if scenario.mix_by in (Mix.TESTS_STARTED, Mix.PACING) else None
        self._by_users = RunningMix(weights, segment) if scenario.mix_by is Mix.USERS_RUNNING else None
        self._pooled = plan.connections is Connections.POOLED
        self._afresh = plan.connections is Connections.PER_ITERATION
        self.plain = (
            not isinstance(load.shape, OpenShape)
            and len(scenario.mix) == 1
            and self._think is None
            and not load.paced
            and scenario.iterations is None
            and scenario.iterations_per_user is None
            and not scenario.new_users
            and not scenario.first
            and not self._afresh
        )

    @property
    def used_up(self) -> bool:
        """Whether all iterations of the scenario have begun."""
        return self._left == 0

    def begin_first(self, user: "VirtualUser") -> None:
        """A user of a closed shape has come."""
        if user.persona.first is not None:
            user.begin(user.persona.first, user.now)
        else:
            self._begin_next(user, None)

    def begin_arrival(self, user: "VirtualUser", due: int) -> None:
        """A user takes the arrival that was due."""
        program = user.persona.first if user.iteration == 0 else None
        if program is None:
            index = self._choose(user)
            if index is None:
                return
            self._renew(user)
            program = user.persona.programs[index]
        user.begin(program, due)

    def follow(self, user: "VirtualUser", program: Program, ending: Ending | None, breath: int = 0) -> bool:
        """What follows a user's iteration; True: the same program again, at once, from `user.wanted_at` on."""
        load = self._load
        if self._by_users is not None and program in user.persona.programs:
            self._by_users.ended(user.persona.programs.index(program))
        if ending is Ending.TEST:
            load.end_test()
        if load.stopping or program is user.persona.last:
            load.leave(user)
        elif user.leaving or ends_user(ending) or (load.ending and not load.owes(user)):
            self.depart(user, inside=True)
        elif isinstance(load.shape, OpenShape) and not (user.iteration == 1 and program is user.persona.first):
            if self._has_made_all(user):
                self.depart(user, inside=True)  # the next arrival is somebody else
            else:
                load.shape.free(user)
        else:
            return self._begin_next(user, program, breath)
        return False

    def depart(self, user: "VirtualUser", inside: bool) -> None:
        """A user has made its last iteration; what it does last of all is left. `inside`: its program is just ending."""
        last = user.persona.last
        if last is None or self._load.ending or not user.iteration:
            self._load.leave(user)
        elif inside:
            user.go_on(last)
        else:
            user.begin(last, perf_counter_ns())

    def give_back(self, user: "VirtualUser", program: Program) -> None:
        """A user leaves who waited to begin this program: the iteration that was to be is another's."""
        if self._left is not None:
            self._left += 1
        if self._by_users is not None:
            self._by_users.ended(user.persona.programs.index(program))

    def _begin_next(self, user: "VirtualUser", program: Program | None, breath: int = 0) -> bool:
        """Has the user's next iteration begin, now or later; True: the same program, now."""
        index = self._choose(user)
        if index is None:
            self.depart(user, inside=program is not None)
            return False
        chosen = user.persona.programs[index]
        self._renew(user)
        now = user.now
        due = now + breath
        intended = None if user.pace is None else user.pace.due
        if intended is not None:
            due = max(due, intended)
        elif self._think is not None and program is not None:
            due = max(due, now + int(self._think(user.random) * SECOND))
        if due > perf_counter_ns():
            user.wait_until(due, chosen, exactly=intended is not None)
            return False
        if intended is None:
            user.wanted_at = now
        else:
            user.wanted_at = min(intended, now)
            self._load.count_due(intended)
        if chosen is program:
            return True
        if program is None:
            user.begin(chosen, user.wanted_at)
        else:
            user.go_on(chosen)
        return False

    def _choose(self, user: "VirtualUser") -> int | None:
        """The number of the next test in the mix; None where the user, or the scenario, has made all its iterations."""
        if self._has_made_all(user):
            return None
        if self._left is not None:
            if not self._left:
                return None
            self._left -= 1
        if user.pace is not None:
            chosen = user.pace.next()
            if chosen is not None:
                return chosen
        if self._by_users is not None:
            return self._by_users.next()
        return self._started.next() if self._started is not None else 0

    def _has_made_all(self, user: "VirtualUser") -> bool:
        """Whether a user has made as many iterations as one may."""
        most = self._scenario.iterations_per_user
        return most is not None and user.iteration - (user.persona.first is not None) >= most

    def _renew(self, user: "VirtualUser") -> None:
        """What a user begins anew with an iteration."""
        scenario = self._scenario
        renewed = bool(scenario.new_users) and user.random.random() * 100 < scenario.new_users
        if renewed:
            user.client.forget()
            user.variables.kept.clear()
        if not self._pooled and (renewed or self._afresh):  # those of a pool are not the user's own
            user.client.connections.close_idle()
