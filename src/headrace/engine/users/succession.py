"""What follows an iteration: which test a user runs next, and when it should begin."""

from time import perf_counter_ns
from typing import TYPE_CHECKING

from headrace.engine.users.endings import ends_user
from headrace.engine.users.pace import Pace, overrun, paced_intervals
from headrace.engine.users.program import Program
from headrace.engine.users.shaping import OpenShape
from headrace.plan.mix import RunningMix, StartedMix
from headrace.plan.model import Connections, Mix, Plan, Scenario
from headrace.plan.segment import Segment
from headrace.plan.shapes import most_users
from headrace.plan.steps import Ending
from headrace.plan.thinking import compile_pause, is_none
from headrace.plan.variable_checks import STANDING

if TYPE_CHECKING:
    from headrace.engine.users.scenario import ScenarioLoad
    from headrace.engine.users.user import VirtualUser

SECOND = 1_000_000_000


class Quota:
    """How many iterations may still begin: of a scenario, or of all together."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class Succession:
    """The order of the iterations of a scenario's users. Times are ns of the performance counter.

    `plain`: an iteration is followed by the same again at once, whatever happened, so that nobody need ask.
    """

    def __init__(
        self, load: "ScenarioLoad", scenario: Scenario, plan: Plan, segment: Segment, whole: Quota | None = None
    ) -> None:
        weights = [part.share for part in scenario.mix]
        self._load = load
        self._scenario = scenario
        self._quotas = [whole] if whole is not None else []
        if scenario.iterations is not None:
            self._quotas.append(Quota(segment.share(scenario.iterations, most_users(scenario.load))))
        self._think = None if is_none(scenario.think_time) else compile_pause(scenario.think_time)
        self._started = StartedMix(weights) if scenario.mix_by in (Mix.TESTS_STARTED, Mix.PACING) else None
        self._by_users = RunningMix(weights, segment) if scenario.mix_by is Mix.USERS_RUNNING else None
        self._weights = weights
        self._left_out: set[int] = set()
        self._nothing_left = False
        self._open = isinstance(load.shape, OpenShape)
        self._intervals = paced_intervals(scenario) if not self._open else None
        self._notes_ends = self._by_users is not None or self._intervals is not None
        self._pooled = plan.connections is Connections.POOLED
        self._afresh = plan.connections is Connections.PER_ITERATION
        self._not_kept = STANDING | {name for name, _ in plan.variables}
        self.plain = (
            not self._open
            and len(scenario.mix) == 1
            and self._think is None
            and not load.paced
            and not self._quotas
            and scenario.iterations_per_user is None
            and not scenario.new_users
            and not scenario.first
            and not self._afresh
        )

    @property
    def used_up(self) -> bool:
        """Whether no iteration begins any more: all have begun, or no test is left to run."""
        for quota in self._quotas:
            if not quota.left:
                return True
        return self._nothing_left

    def pace(self, user: "VirtualUser") -> Pace | None:
        """The schedule of a user who has come; None where it needs none of its own."""
        pace = Pace.make(self._scenario, user)
        if pace is not None and not self._nothing_left:
            for test in self._left_out:
                pace.leave_out(test)
        return pace

    # One iteration after the other

    def begin_first(self, user: "VirtualUser") -> None:
        """A user of a closed shape has come."""
        self._begin_next(user, None)

    def begin_arrival(self, user: "VirtualUser", due: int) -> None:
        """A user takes the arrival that was due."""
        index = self._choose(user)
        if index is None:
            self.depart(user, inside=False)
        else:
            user.begin(self._enter(user, user.persona.programs[index]), due)

    def follow(self, user: "VirtualUser", program: Program, ending: Ending | None, breath: int = 0) -> bool:
        """What follows a user's iteration; True: the same program again, at once, from `user.wanted_at` on."""
        load, persona = self._load, user.persona
        if self._notes_ends and program in persona.programs:
            self._note_end(user, program)
        if ending is Ending.TEST:
            load.end_test()
        if ends_user(ending):
            user.leaving = True
        if load.stopping or (program is persona.last and not user.is_new):
            load.leave(user)
            return False
        user.begun = True
        goes = user.leaving or (load.ending and not load.owes(user))
        upcoming, user.upcoming = user.upcoming, None
        if upcoming is not None:
            user.variables.kept = {name: value for name, value in user.variables.items() if name not in self._not_kept}
            if not goes:
                user.go_on(upcoming)
                return False
            self._put_back(user, upcoming)
        if user.is_new and persona.last not in (None, program) and not load.ending:
            user.go_on(persona.last)
            return False
        user.come_back()
        if goes:
            self.depart(user, inside=True)
        elif isinstance(load.shape, OpenShape):
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
        if last is None or self._load.ending or not user.begun:
            self._load.leave(user)
        elif inside:
            user.go_on(last)
        else:
            user.begin(last, perf_counter_ns())

    def _begin_next(self, user: "VirtualUser", program: Program | None, breath: int = 0) -> bool:
        """Has the user's next iteration begin, now or later; True: the same program, now."""
        index = self._choose(user)
        if index is None:
            self.depart(user, inside=program is not None)
            return False
        chosen = self._enter(user, user.persona.programs[index])
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
        if self.used_up or self._has_made_all(user):
            return None
        for quota in self._quotas:
            quota.left -= 1
        user.made += 1
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
        return most is not None and user.made >= most

    def _enter(self, user: "VirtualUser", chosen: Program) -> Program:
        """Settles who makes an iteration, the user or a new one; returns what that begins with, which may be `first`."""
        scenario = self._scenario
        if scenario.new_users and user.random.random() * 100 < scenario.new_users:
            user.become_new()
        elif self._afresh and not self._pooled:  # those of a pool are not the user's own
            user.client.connections.close_idle()
        first = user.persona.first
        if user.begun or first is None:
            return chosen
        user.upcoming = chosen
        return first

    def _note_end(self, user: "VirtualUser", program: Program) -> None:
        """An iteration of the mix has ended."""
        index = user.persona.programs.index(program)
        if self._by_users is not None:
            self._by_users.ended(index)
        if self._intervals is not None and user.iteration_at >= self._load.measured_from:
            seconds = self._intervals[index]
            if user.now - user.iteration_at > seconds * SECOND:
                self._load.measures.error(overrun(program.name, seconds), program.measure.name, "", "")

    # Iterations that are none

    def give_back(self, user: "VirtualUser") -> None:
        """A user leaves who waited for an iteration to begin, which is another's now."""
        self._put_back(user, user.upcoming or user.program)
        user.upcoming = None
        user.come_back()

    def undo(self, user: "VirtualUser", program: Program) -> None:
        """An iteration ended before it did anything, and was none."""
        if program in user.persona.programs:
            self._take_back(user)
            if self._open or self._load.paced:
                self._load.count_dropped(user.iteration_at)

    def _put_back(self, user: "VirtualUser", program: Program) -> None:
        self._take_back(user)
        if self._by_users is not None:
            self._by_users.ended(user.persona.programs.index(program))

    def _take_back(self, user: "VirtualUser") -> None:
        user.made -= 1
        for quota in self._quotas:
            quota.left += 1

    def leave_out(self, name: str) -> None:
        """Runs a test no more, since its data is used up; the others of the mix share its part."""
        mix = self._scenario.mix
        out = {index for index, part in enumerate(mix) if part.test == name} - self._left_out
        self._left_out |= out
        weights = [0.0 if index in self._left_out else weight for index, weight in enumerate(self._weights)]
        by_order = self._scenario.mix_by is Mix.SEQUENTIAL
        self._nothing_left = len(self._left_out) == len(mix) if by_order else not any(weights)
        if self._nothing_left:
            return
        if self._started is not None:
            self._started = StartedMix(weights)
        if self._by_users is not None:
            self._by_users.change(weights)
        for user in self._load.users:
            for test in out:
                if user.pace is not None:
                    user.pace.leave_out(test)
