"""Hidden fields of pages that are the same but for the values of these: forms with a token, a view state.

Going through a page costs some microseconds, comparing it with the last one a tenth of that. Where two pages differ only
inside of quoted values of attributes, and no value has a quote in it, their tags are the same (HTML standard, 13.2.5.36):
so what was found in the one page is in the other at the same places.
"""

from collections.abc import Iterable

from headrace.engine.rules.forms import PlainField, hidden_fields, plain_hidden_fields
from headrace.engine.rules.tags import place_of_value

# Bytes of a page that is remembered; each rule remembers one.
_LARGEST = 128 * 1024


class PageMemory:
    """Remembers one page. A page that differs elsewhere too is remembered in its place, more rarely the more often."""

    __slots__ = ("_misses", "_names", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[str] = []  # the page without the values, each piece but the first beginning with a quote
        self._names: list[str] = []
        self._misses = 0

    def hidden_fields(self, text: str) -> Iterable[tuple[str, str]]:
        """Names, and values as they are written, of the hidden fields."""
        pieces = self._pieces
        if pieces and text.startswith(pieces[0]):
            values = []
            position = len(pieces[0])
            for piece in pieces[1:]:
                end = text.find('"', position)
                if end < 0 or not text.startswith(piece, end):
                    break
                values.append(text[position:end])
                position = end + len(piece)
            else:
                if position == len(text):
                    self._misses = 0
                    return zip(self._names, values, strict=True)
        return self._read(text)

    def _read(self, text: str) -> Iterable[tuple[str, str]]:
        fields = plain_hidden_fields(text)
        if fields is None:
            return hidden_fields(text)
        self._misses += 1
        if self._misses & (self._misses - 1) == 0 and fields and len(text) <= _LARGEST:
            self._remember(text, fields)
        return [(field.name, field.value) for field in fields]

    def _remember(self, text: str, fields: list[PlainField]) -> None:
        pieces = []
        position = 0
        for field in fields:
            place = place_of_value(text, field.start, field.end)
            if place is None:
                return
            pieces.append(text[position : place[0]])
            position = place[1]
        self._pieces = [*pieces, text[position:]]
        self._names = [field.name for field in fields]
