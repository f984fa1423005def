"""What the connections of a process share: the heads seen before, and readers for those not seen.

A server sends the same head again and again (until its Date changes, once a second). Such a head is parsed once and found by
a look-up afterwards: that is most of what makes a request cheap here. `docs/engine.md` has the measurement.
"""

from headrace.engine.heads import Head
from headrace.engine.responses import ResponseReader

# More different heads than this at a time are not a repeating server; then remembering costs more than it gives.
_MOST = 512
_LONGEST = 2048
_MOST_READERS = 64


class HeadMemory:
    """Heads by their bytes, blank line included. Kept are those that mean the same each time: a length, no cookies."""

    __slots__ = ("_readers", "known")

    def __init__(self) -> None:
        self.known: dict[bytes, Head] = {}
        # A parser has more than a kilobyte, and tens of thousands of connections are idle most of the time.
        self._readers: list[ResponseReader] = []

    def keep(self, data: bytes, head: Head) -> None:
        if head.length is None or head.cookies or not head.reusable or len(data) > _LONGEST:
            return
        if len(self.known) >= _MOST:
            self.known.clear()
        self.known[data] = head

    def take_reader(self) -> ResponseReader:
        return self._readers.pop() if self._readers else ResponseReader()

    def give_back(self, reader: ResponseReader) -> None:
        """Takes a reader that has read a whole response, after which another may follow."""
        if len(self._readers) < _MOST_READERS:
            self._readers.append(reader)
