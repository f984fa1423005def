"""Adding up the same second of several sources, which report at slightly different times and may end or be lost."""

from collections.abc import Hashable, Iterable

from headrace.ticks.tick import Tick


class Alignment:
    """Holds back each second until every source that is still there has got past it; then it comes out, in order, once."""

    def __init__(self, sources: Iterable[Hashable]) -> None:
        self._reached: dict[Hashable, int | None] = dict.fromkeys(sources)
        self._seconds: dict[int, Tick] = {}

    @property
    def ended(self) -> bool:
        """Whether no source is left."""
        return not self._reached

    def add(self, source: Hashable, tick: Tick) -> list[Tick]:
        """Takes a source's tick; its seconds only rise. Returns the seconds that are complete now."""
        known = self._seconds.get(tick.second)
        if known is None:
            self._seconds[tick.second] = tick
        else:
            known.add_engine(tick)
        if source in self._reached:
            self._reached[source] = tick.second
        return self._complete()

    def end(self, source: Hashable) -> list[Tick]:
        """Nothing more comes from this source. Returns the seconds that are complete now."""
        self._reached.pop(source, None)
        return self._complete()

    def _complete(self) -> list[Tick]:
        reached = [second for second in self._reached.values() if second is not None]
        if len(reached) < len(self._reached):
            return []  # one has not reported at all yet
        upto = min(reached, default=None)
        ready = sorted(second for second in self._seconds if upto is None or second <= upto)
        return [self._seconds.pop(second) for second in ready]
