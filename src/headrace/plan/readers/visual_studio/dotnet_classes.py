"""Escapes and character classes of .NET's regular expressions, in the dialect of Headrace's engine."""

import re

_DEEPEST = 20

# `{{name}}` is the value of a variable, which goes into the expression as it is.
BINDING = re.compile(r"\{\{[^{}]{1,300}\}\}")

_ESCAPE = re.compile(
    r"\\(?:x(?P<hex>[0-9A-Fa-f]{2})|u(?P<unicode>[0-9A-Fa-f]{4})|c(?P<control>[@-_a-z])"
    r"|(?P<property>[pP])\{(?P<name>[A-Za-z0-9_-]{1,60})\}|(?P<kind>[dDwWsS])|(?P<octal>[0-7]{1,3})|(?P<other>.))",
    re.DOTALL,
)
_SPECIAL = {"a": "\x07", "e": "\x1b", "f": "\x0c", "n": "\n", "r": "\r", "t": "\t", "v": "\x0b"}
_WRITTEN = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


class UnusableRegexError(ValueError):
    """An expression cannot be used; the message says why."""


def read_escape(text: str, position: int) -> tuple[str, str, int]:
    """An escape that means the same in and outside of a class: the character, or "" and the class that it is; its end.

    Raises UnusableRegexError where .NET has no such escape.
    """
    found = _ESCAPE.match(text, position)
    if found is None:
        raise UnusableRegexError("it ends with a backslash")
    end = found.end()
    if code := found["hex"] or found["unicode"]:
        return chr(int(code, 16)), "", end
    if control := found["control"]:
        return chr(ord(control.upper()) - 64), "", end
    if octal := found["octal"]:
        return chr(int(octal, 8) & 0xFF), "", end
    if kind := found["kind"]:
        return "", f"\\{kind}", end
    if found["property"]:
        # Blocks of characters: `IsGreek` there, `InGreek` here.
        name = found["name"]
        return "", f"\\{found['property']}{{{'In' + name[2:] if name.startswith('Is') else name}}}", end
    other = found["other"]
    if other.isalnum() or other == "_":
        if other not in _SPECIAL:
            raise UnusableRegexError(f"\\{other} is no escape of .NET's there")
        other = _SPECIAL[other]
    return other, "", end


def escape(char: str) -> str:
    """A character as itself, in and outside of a class."""
    if char in _WRITTEN:
        return _WRITTEN[char]
    if char.isalnum() or char in " \"'<>/=,:;!@#%`_":
        return char
    return f"\\{char}" if char.isprintable() and char.isascii() else f"\\u{ord(char):04x}" if ord(char) < 0x10000 else char


def read_class(text: str, position: int, depth: int = 1) -> tuple[str, int]:
    """The class that begins at `position` with a bracket, and its end. Raises UnusableRegexError.

    `[a-z-[aeiou]]`, all letters but the vowels, becomes a look-ahead for what is not to be and the rest of the class.
    """
    if depth > _DEEPEST:
        raise UnusableRegexError(f"it takes classes from one another more than {_DEEPEST} times")
    begin = "[^" if text.startswith("[^", position) else "["
    position += len(begin)
    items: list[str] = []
    while position < len(text):
        if text[position] == "]" and items:
            return f"{begin}{''.join(items)}]", position + 1
        if text.startswith("-[", position) and items:
            taken, end = read_class(text, position + 1, depth + 1)
            if not text.startswith("]", end):
                raise UnusableRegexError("what is taken from a class must be the last in it")
            return f"(?:(?!{taken}){begin}{''.join(items)}])", end + 1
        char, kind, position = _item(text, position)
        items.append(kind or escape(char))
        # A range, but for a hyphen that is the last, or that begins what is taken away.
        if char and text.startswith("-", position) and text[position + 1 : position + 2] not in ("]", "[", ""):
            last, kind, position = _item(text, position + 1)
            if not last:
                raise UnusableRegexError(f"a range of characters ends with {kind}")
            if last < char:
                raise UnusableRegexError(f"the range {char}-{last} ends before it begins")
            items.append(f"-{escape(last)}")
    raise UnusableRegexError("it has a [ without its ]")


def _item(text: str, position: int) -> tuple[str, str, int]:
    """A character in a class, or a class of its own, and its end."""
    if bound := BINDING.match(text, position):
        return "", bound[0], bound.end()
    if text.startswith("\\b", position):
        return "\b", "", position + 2
    if text[position] == "\\":
        return read_escape(text, position)
    return text[position], "", position + 1
