"""A virtual user: it runs its test again and again, each time from where the end of the last request left it.

There is no coroutine for a user. The end of a request calls `ended`, which sends what comes next; that is a third cheaper
than waking a task for every request.
"""

import asyncio
from time import perf_counter_ns
from typing import TYPE_CHECKING

from headrace.engine.client import CUT, PASSED, UNSENT, Client, End
from headrace.engine.prepared import PreparedPage, PreparedTest

if TYPE_CHECKING:
    from headrace.engine.load import ScenarioLoad

# A user whose request could not be sent at all does not ask again before this time, in seconds. Else a wrong host name makes
# every user a busy loop, and the count of errors says how fast this machine is, nothing else.
UNSENT_PAUSE = 0.05


class VirtualUser:
    """`load` is the scenario's state that all its users share; times are ns of the performance counter."""

    __slots__ = (
        "_cut",
        "_dependents_due",
        "_iteration_at",
        "_iteration_failed",
        "_load",
        "_page",
        "_page_at",
        "_page_failed",
        "_page_unsent",
        "_pending",
        "_position",
        "_running",
        "_test",
        "_timer",
        "client",
    )

    def __init__(self, load: "ScenarioLoad", test: PreparedTest) -> None:
        self.client = Client(load, test, self)
        self._load = load
        self._test = test
        self._timer: asyncio.TimerHandle | None = None
        self._running = False
        self._iteration_at = 0
        self._iteration_failed = False
        self._position = 0
        self._page: PreparedPage
        self._page_at = 0
        self._page_failed = False
        self._page_unsent = False
        self._dependents_due = False
        self._pending = 0
        self._cut = False

    def begin(self) -> None:
        """Starts an iteration."""
        self._timer = None
        self._begin_iteration(perf_counter_ns())

    def ended(self, end: End, now: int) -> None:
        """One of the page's requests has come to its end."""
        if end is not PASSED:
            if end is CUT:
                self._cut = True
            else:
                self._page_failed = True
                if end is UNSENT:
                    self._page_unsent = True
        self._pending -= 1
        if self._pending:
            return
        if self._cut:
            self._leave()
        elif self._dependents_due and end is PASSED:
            self._fetch_dependents(now)
        else:
            self._end_page(now)

    def _begin_iteration(self, now: int) -> None:
        load = self._load
        if load.stopping:
            load.leave(self)
            return
        load.running += 1
        self._running = True
        self._iteration_at = now
        self._iteration_failed = False
        self.client.requests = 0
        self._position = 0
        self._begin_page(now)

    def _begin_page(self, now: int) -> None:
        self._page = page = self._test.pages[self._position]
        self._page_at = now
        self._page_failed = self._page_unsent = False
        self._dependents_due = bool(page.dependents)
        self._pending = 1
        self.client.fetch(page.request, now, now)

    def _fetch_dependents(self, now: int) -> None:
        if self._load.stopping:
            self._leave()
            return
        self._dependents_due = False
        dependents = self._page.dependents
        self._pending = len(dependents)
        for dependent in dependents:
            self.client.fetch(dependent, now, now)

    def _end_page(self, now: int) -> None:
        page = self._page
        failed = self._page_failed
        if self._page_at >= self._load.measured_from:
            page.measure.times.append((now - self._page_at) // 1000)
            if failed:
                page.measure.failed += 1
        if failed:
            self._iteration_failed = True
        self._position += 1
        if self._page_unsent:
            self._timer = self._load.loop.call_later(UNSENT_PAUSE, self._go_on)
        else:
            self._next(now)

    def _go_on(self) -> None:
        self._timer = None
        self._next(perf_counter_ns())

    def _next(self, now: int) -> None:
        test = self._test
        load = self._load
        if self._position < len(test.pages):
            if load.stopping:
                self._leave()
            else:
                self._begin_page(now)
            return
        load.running -= 1
        self._running = False
        if self._iteration_at >= load.measured_from:
            measure = test.measure
            measure.times.append((now - self._iteration_at) // 1000)
            measure.requests += self.client.requests
            if self._iteration_failed:
                measure.failed += 1
        if load.think_time and not load.stopping:
            self._timer = load.loop.call_later(load.think_time, self.begin)
        else:
            self._begin_iteration(now)

    # Stopping: what is under way may end, nothing new begins. A page or an iteration that is cut short is not counted.

    def stop(self) -> None:
        """The load has ended: leaves at once where nothing is under way, else with the end of what is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._leave()
        self.client.cut_waiting()

    def _leave(self) -> None:
        if self._running:
            self._running = False
            self._load.running -= 1
        self._load.leave(self)
