"""HPACK, HTTP/2's compression of headers (RFC 7541), with a memory of what was said before.

What a block of bytes means depends on the table that both sides keep, and on nothing else. A client and a server that say
the same again and again soon change that table no more; then a block is found by a look-up, as a head of HTTP/1.1 is.
"""

from collections.abc import Iterable
from typing import Any, cast

from hpack import Decoder, Encoder, HeaderTuple
from hpack.table import HeaderTable

_MOST = 64
_LONGEST = 2048

_State = tuple[int, object, int]


def _state(table: HeaderTable) -> _State:
    """Changes with the table: entries come in front and go at the end."""
    entries = table.dynamic_entries
    return len(entries), entries[0] if entries else None, table.maxsize


class RememberingDecoder(Decoder):
    """The same block in the same state gives the same list, the very object."""

    def __init__(self, max_header_list_size: int) -> None:
        super().__init__(max_header_list_size)
        self._known: dict[bytes, list[HeaderTuple]] = {}

    def decode(self, data: bytes, raw: bool = False) -> list[HeaderTuple]:
        known = self._known.get(data) if raw else None
        if known is not None:
            return known
        before = _state(self.header_table)
        headers = cast(list[HeaderTuple], super().decode(data, raw))
        if not _same(before, _state(self.header_table)):
            self._known.clear()
        elif raw and len(data) <= _LONGEST:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[data] = headers
        return headers


class RememberingEncoder(Encoder):
    """Takes only lists of pairs of bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[Any, ...], bytes] = {}

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        key = tuple(headers)
        if self.table_size_changes:  # which this block tells, once
            self._known.clear()
            return super().encode(key, huffman)
        known = self._known.get(key)
        if known is not None:
            return known
        before = _state(self.header_table)
        block = super().encode(key, huffman)
        if not _same(before, _state(self.header_table)):
            self._known.clear()
        elif len(block) <= _LONGEST:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = block
        return block


def _same(one: _State, other: _State) -> bool:
    # By identity: an entry that replaces an equal one has still moved the others.
    return one[0] == other[0] and one[1] is other[1] and one[2] == other[2]
