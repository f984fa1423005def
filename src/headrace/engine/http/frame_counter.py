"""What h2 does not tell of the frames that a server sends: their size on the wire, and whether they are too many."""

from collections.abc import Mapping
from typing import Protocol

# Frames that bring nothing (PING, SETTINGS, empty DATA) before one that does: each costs more to read than to send.
_MOST_UNPRODUCTIVE = 1000
_LARGEST_FRAME = 16 * 1024  # which is what a server must keep to where it is told nothing else

_DATA, _HEADERS, _CONTINUATION = 0, 1, 9


class Counted(Protocol):
    """A stream: the bytes that came for it, and when the first one did, in ns of the performance counter."""

    received: int
    first_at: int


class FrameCounter:
    """Counts the bytes on the wire that belong to each stream, and looks for frames that h2 is better spared."""

    __slots__ = ("_begun", "_left", "_stream", "unproductive")

    def __init__(self) -> None:
        self._begun = b""  # of a frame's head
        self._left = 0
        self._stream: Counted | None = None
        self.unproductive = 0

    def count(self, data: bytes, streams: Mapping[int, Counted], now: int) -> str | None:
        """Takes bytes, however they are cut; returns what is wrong with them."""
        if self._begun:
            data = self._begun + data
            self._begun = b""
        position, end = 0, len(data)
        while position < end:
            if not self._left:
                if end - position < 9:
                    self._begun = data[position:]
                    break
                size = int.from_bytes(data[position : position + 3])
                if size > _LARGEST_FRAME:  # h2 would wait for all of it
                    return f"a frame of {size} bytes where {_LARGEST_FRAME} are allowed"
                self._left = 9 + size
                self._stream = stream = streams.get(int.from_bytes(data[position + 5 : position + 9]) & 0x7FFFFFFF)
                if stream is not None and not stream.received:
                    stream.first_at = now
                if size and data[position + 3] in (_DATA, _HEADERS, _CONTINUATION):
                    self.unproductive = 0
                else:
                    self.unproductive += 1
                    if self.unproductive > _MOST_UNPRODUCTIVE:
                        return f"more than {_MOST_UNPRODUCTIVE} frames without content"
            took = min(self._left, end - position)
            if self._stream is not None:
                self._stream.received += took
            position += took
            self._left -= took
        return None
