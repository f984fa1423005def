"""What a script writes, as lines that a message can hold: bounded, and without what would confuse a terminal or a page."""

import re

LARGEST = 64 * 1024  # bytes of a stream
MOST_LINES = 500
LONGEST_LINE = 2000  # bytes
MOST_LAST = 3

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Lines:
    """One stream of a script. Its first LARGEST bytes and MOST_LINES lines come out; the rest is counted."""

    def __init__(self) -> None:
        self._bytes = 0
        self._lines = 0
        self._full = False
        self._left_out = 0
        self._under_way = b""
        self._cut = False  # there was more of the line under way than is kept
        self._tail = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that end with this data, as far as they are kept; empty ones are none."""
        self._tail = (self._tail + data)[-LONGEST_LINE:]
        if self._full:  # there may be gigabytes of it
            self._left_out += data.count(b"\n")
            self._under_way = data[-1:].strip(b"\n")
            return []
        *ended, last = data.split(b"\n")
        lines = []
        for part in ended:
            self._add(part)
            lines += self._end_line()
        self._add(last)
        return lines

    def end(self) -> list[str]:
        """The last line, where nothing ends it, and how many there were more than are kept."""
        last = self._end_line() if self._under_way else []
        if not self._left_out:
            return last
        return [*last, f"... and {self._left_out} more line{'' if self._left_out == 1 else 's'}"]

    @property
    def last(self) -> tuple[str, ...]:
        """The last lines, kept or not, with something in them."""
        first, *lines = self._tail.split(b"\n")
        whole = lines if lines and len(self._tail) == LONGEST_LINE else [first, *lines]
        return tuple(text for line in whole if (text := clean(line)))[-MOST_LAST:]

    def _add(self, part: bytes) -> None:
        room = LONGEST_LINE - len(self._under_way)
        self._under_way += part[:room]
        self._cut = self._cut or len(part) > room

    def _end_line(self) -> list[str]:
        line, cut = self._under_way, self._cut
        self._under_way, self._cut = b"", False
        text = "" if self._full else clean(line)
        # Once a line is left out all are, or there would be a gap that nobody sees.
        self._full = self._full or self._lines >= MOST_LINES or self._bytes + len(line) > LARGEST
        if self._full:
            self._left_out += 1
            return []
        if not text:
            return []
        self._lines += 1
        self._bytes += len(line)
        return [f"{text} …" if cut else text]


def clean(line: bytes) -> str:
    """The line as text: of what was overwritten on a terminal the last, tabs as blanks, nothing that cannot be printed."""
    text = _COLOURS.sub("", line.decode(errors="replace")).rstrip("\r").rpartition("\r")[2].replace("\t", " ")
    return "".join(character for character in text if character.isprintable()).rstrip()
