"""A virtual user: it runs its tests again and again, each step from where the end of the last wait left it.

There is no coroutine for a user but a generator (`program.py`). The end of a request calls `ended`, which resumes it, and it
sends what comes next from the same call.
"""

from random import Random
from time import perf_counter_ns
from typing import TYPE_CHECKING

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.http.client import CUT, PASSED, Client, End
from headrace.engine.http.failures import Failure
from headrace.engine.timetable import Entry
from headrace.engine.users.endings import CutError, LeaveError
from headrace.engine.users.loops import Waits
from headrace.engine.users.program import Program
from headrace.plan.cursors import Cursor
from headrace.plan.steps import Ending

if TYPE_CHECKING:
    from headrace.engine.http.cookies import CookieJar
    from headrace.engine.users.pace import Pace
    from headrace.engine.users.personas import Persona
    from headrace.engine.users.scenario import ScenarioLoad

# An iteration that waited for nothing is followed by a pause of so many ns, or one user would keep all others from theirs.
_BREATH = 1_000_000


class VirtualUser:
    """`number` counts from 0 over all engines. Times are ns of the performance counter.

    `now` is when the last wait ended, `wanted_at` when the next request should be sent: earlier than `now` where the user is
    late. `paused` adds up the pauses, `waits` counts the waits (`waits_before`: before this iteration), `idle_passes` the
    passes of loops since the wait `idle_since`. What a page or an iteration has come to so far is in `page_at`, `page_end`,
    `pending` (requests under way), `answer` (of the request that somebody looks at), `requested` (its URL, where it has
    variables in it), `failures` (in the iteration), `last_passed` (the last page). `begun`: it has ended an iteration as who
    it is now; `made` counts those of the mix, and `upcoming` is the one that the test before all others comes before.
    """

    __slots__ = (
        "_cut",
        "_due",
        "_firsts",
        "_generators",
        "_returning",
        "_steps",
        "_timer",
        "_turns",
        "answer",
        "begun",
        "client",
        "cursors",
        "failures",
        "idle_passes",
        "idle_since",
        "iteration",
        "iteration_at",
        "last_passed",
        "leaving",
        "load",
        "made",
        "now",
        "number",
        "pace",
        "page_at",
        "page_end",
        "paused",
        "pending",
        "persona",
        "program",
        "requested",
        "running",
        "upcoming",
        "variables",
        "waits",
        "waits_before",
        "wanted_at",
    )

    def __init__(self, load: "ScenarioLoad", number: int, persona: "Persona") -> None:
        self.load = load
        self.number = number
        self.persona = persona
        self.client = Client(load, load.connections_for(persona), self, load.line_for(persona))
        self.variables = Variables(seed=f"{load.seed}/{load.name}/{number}")
        self.cursors: dict[str, Cursor] | None = None
        self.pace: Pace | None = None
        self.leaving = False
        self.running = False
        self.begun = False
        self.made = 0
        self.upcoming: Program | None = None
        self.iteration = 0
        self.iteration_at = 0
        self.program: Program
        self.answer: Answer | None = None
        self.now: int = 0
        self.wanted_at: int = 0
        self.page_at = 0
        self.page_end = PASSED
        self.requested = ""
        self.pending = 0
        self.failures = 0
        self.last_passed = True
        self.paused = 0
        self.waits = self.waits_before = 0
        self.idle_passes = self.idle_since = 0
        self._returning: tuple[Client, dict[str, str], bool] | None = None
        self._generators: dict[Program, Waits] | None = None
        self._steps: Waits
        self._timer: Entry | None = None
        self._due: Program | None = None
        self._cut = False
        self._firsts: set[int] | None = None
        self._turns: dict[int, list[float]] | None = None

    # What a program asks of its user

    @property
    def random(self) -> Random:
        return self.variables.random

    @property
    def jar(self) -> "CookieJar | None":
        return self.client.jar

    @property
    def last_status(self) -> int | None:
        return self.client.status or None

    def pause(self, seconds: float) -> None:
        """Has the user resumed after a pause. Raises CutError."""
        if self.load.stopping:
            raise CutError
        self._timer = self.load.timetable.soon_after(perf_counter_ns() + int(seconds * 1e9), self._end_pause)

    def fail(self, failure: Failure) -> None:
        """Something failed that is no request. Raises LeaveError where that ends the iteration."""
        self.failures += 1
        if self.iteration_at >= self.load.measured_from:
            self.load.measures.error(failure, self.program.measure.name, "", "")
        if self.program.leave is not None:
            raise LeaveError(self.program.leave)

    def first_time(self, number: int) -> bool:
        """Whether the user comes to this step for the first time."""
        if self._firsts is None:
            self._firsts = set()
        if number in self._firsts:
            return False
        self._firsts.add(number)
        return True

    def turn(self, number: int, weights: list[float]) -> int:
        """Which option is next at this step, so that the user keeps the weights as exactly as it can."""
        if self._turns is None:
            self._turns = {}
        credits = self._turns.setdefault(number, [0.0] * len(weights))
        for index, weight in enumerate(weights):
            credits[index] += weight
        chosen = max(range(len(credits)), key=credits.__getitem__)
        credits[chosen] -= sum(weights)
        return chosen

    def take_row(self, source: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """The columns of a data source and its next row, None where it is used up."""
        return self.load.take_row(source, self)

    # Who the user is

    @property
    def is_new(self) -> bool:
        """Whether it is somebody who came for this one iteration."""
        return self._returning is not None

    @property
    def clients(self) -> list[Client]:
        """The client it has now, and the one that it will have again."""
        return [self.client] if self._returning is None else [self.client, self._returning[0]]

    def become_new(self) -> None:
        """Is somebody else for a while: without cookies, cache, logins, connections, and variables that were kept."""
        self._returning = self.client, self.variables.kept, self.begun
        self.client = Client(self.load, self.load.connections_for(self.persona), self, self.client.line)
        self.variables.kept = {}
        self.variables.clear()
        self.begun = False

    def come_back(self) -> None:
        """Is again who it was before `become_new`, if it is somebody else."""
        if self._returning is not None:
            self.load.disconnect(self.client)
            self.client, self.variables.kept, self.begun = self._returning
            self._returning = None
            self.variables.clear()

    # Iterations

    def begin(self, program: Program, wanted_at: int) -> None:
        """Starts an iteration, which should have begun at `wanted_at`."""
        self._timer = None
        self.now = perf_counter_ns()
        self.wanted_at = min(wanted_at, self.now)
        self._due = program
        self._run_due()

    def ended(self, end: End, now: int) -> None:
        """One of the requests under way has come to its end."""
        if end is not PASSED:
            if end is CUT:
                self._cut = True
            else:
                self.page_end = end
        self.pending -= 1
        if self.pending:
            return
        self.now = self.wanted_at = now
        self.waits += 1
        if self._cut:
            self.leave()
            return
        next(self._steps)
        if self._due is not None:
            self._run_due()

    def _end_pause(self, due: int) -> None:
        now = perf_counter_ns()
        self._timer = None
        self.load.lag(now - due)
        self.paused += now - self.now
        self.now = self.wanted_at = now
        self.waits += 1
        next(self._steps)
        if self._due is not None:
            self._run_due()

    def _run_due(self) -> None:
        """Runs until the user has to wait. A loop, so that an iteration after the other does not deepen the stack."""
        while (program := self._due) is not None:
            self._due = None
            self.program = program
            if self._generators is None:
                self._generators = {}
            steps = self._generators.get(program)
            if steps is None:
                steps = self._generators[program] = self._live(program)
            self._steps = steps
            next(steps)

    def _live(self, program: Program) -> Waits:
        """One iteration of the program after the other; parked between them unless the next begins at once."""
        run, pages, load = program.run, program.pages, self.load
        while True:
            ending = None
            counts = True
            try:
                self._begin_iteration(program)
                if pages:
                    for page in pages:
                        if page.begin(self):
                            yield
                        more = page.end(self)
                        if more is not None:
                            yield from more
                else:
                    yield from run(self)
            except LeaveError as leave:
                ending, counts = leave.ending, leave.counts
            except CutError:
                self.leave()
                yield
            if counts:
                self._end_iteration(program)
            else:
                load.succession.undo(self, program)
            if self.waits_before != self.waits and load.plain and ending is None and not self.leaving:
                continue  # the same again at once, with nothing to decide
            self.running = False
            if not self._begins_again(program, ending, idle=self.waits_before == self.waits):
                yield

    def _begin_iteration(self, program: Program) -> None:
        self.running = True
        self.iteration_at = self.wanted_at
        self.waits_before = self.waits
        self.iteration += 1
        self.failures = 0
        self.client.requests = 0
        if program.begin is not None:
            program.begin(self)

    def _end_iteration(self, program: Program) -> None:
        if self.iteration_at >= self.load.measured_from:
            measure = program.measure
            measure.times.append((self.now - self.iteration_at) // 1000)
            measure.requests += self.client.requests
            if self.failures:
                measure.failed += 1

    def _begins_again(self, program: Program, ending: Ending | None, idle: bool) -> bool:
        """Whether the same program begins again at once; an `idle` iteration waited for nothing."""
        if not idle:
            return self.load.succession.follow(self, program, ending)
        if self.load.succession.follow(self, program, ending, breath=_BREATH):
            self._due = program
        return False

    def go_on(self, program: Program) -> None:
        """Has another program begin as soon as the one that has just ended is parked."""
        self._due = program

    def wait_until(self, due: int, program: Program, exactly: bool) -> None:
        """Has a program begin at `due`: exactly then, or up to a millisecond later, and count from when it begins."""
        timetable = self.load.timetable
        self.program = program
        if exactly:
            self._timer = timetable.at(due, lambda due: self._begin_on_time(program, due))
        else:
            self._timer = timetable.soon_after(due, lambda due: self._begin_late(program, due, perf_counter_ns()))

    def _begin_on_time(self, program: Program, due: int) -> None:
        self.load.count_due(due)
        self._begin_late(program, due, due)

    def _begin_late(self, program: Program, due: int, wanted_at: int) -> None:
        self.load.lag(perf_counter_ns() - due)
        self.begin(program, wanted_at)

    # Stopping: what is under way may end, nothing new begins. A page or an iteration that is cut short is not counted.

    def ask_to_leave(self) -> None:
        """The user is one too many: it goes when its iteration has ended, at once where it is in none."""
        self.leaving = True
        if self._timer is not None and not self.running:
            self._timer.cancel()
            self._timer = None
            self.load.succession.give_back(self)
            self.load.succession.depart(self, inside=False)

    def stop(self) -> None:
        """The load has ended: leaves at once where nothing is under way, else with the end of what is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.leave()
        elif not self.running:
            self.leave()

    def leave(self) -> None:
        """Goes for good, in the middle of an iteration or not."""
        self.running = False
        self.load.leave(self)
