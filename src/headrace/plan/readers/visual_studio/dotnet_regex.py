"""Regular expressions of .NET, written in the dialect of Headrace's engine, which is that of the library `regex`.

Most of it is the same. What is not: options in the middle of an expression hold from there to the end of their group;
groups with a name are numbered after those without; `\\Z` allows a last line feed; a brace that is no quantifier is itself;
classes can be taken from one another. What .NET has alone (balancing groups) is refused, and so is what it does not have
(`a++`, `(?P<name>)`), for an expression that failed there must not do something here.

Reference: visual-studio-formats, 2.2, and ".NET regular expressions" in Microsoft's documentation.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

import regex

from headrace.plan.expression_checks import LONGEST
from headrace.plan.readers.visual_studio.dotnet_classes import (
    BINDING,
    UnusableRegexError,
    escape,
    read_class,
    read_escape,
)
from headrace.plan.repeats import refuse_large

_QUANTIFIER = re.compile(r"(?:[*+?]|\{[0-9]{1,9}(?:,[0-9]{0,9})?\})\??")
_BOUND_QUANTIFIER = re.compile(rf"\{{[0-9,]{{0,20}}{BINDING.pattern}(?:[0-9,]|{BINDING.pattern}){{0,20}}\}}\??")
_GROUP = re.compile(
    r"\((?:(?!\?)|\?(?:(?P<plain>[:=!>]|<[=!])|(?:<(?P<name>\w{1,100})>|'(?P<quoted>\w{1,100})')|(?P<balancing>[<']\w*-\w+[>'])"
    r"|(?P<options>[imnsxIMNSX]*(?:-[imnsxIMNSX]+)?)(?P<end>[:)])|(?P<if>\((?P<condition>\w{1,100})\)|(?=\(\?<?[=!]))))"
)
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_BLANK = re.compile(r"\s+|#[^\n]*")  # where the option x is on
_NUMBERED = re.compile(r"\\([1-9][0-9]{0,8})")
_NAMED = re.compile(r"\\k(?:<(\w{1,100})>|'(\w{1,100})')")
_ANCHORS = {"A": r"\A", "b": r"\b", "B": r"\B", "G": r"\G", "Z": r"(?=\n?\Z)", "z": r"\Z"}
_KEPT = frozenset("ims")  # the options that `regex` is told; the others are translated


@dataclass(frozen=True, slots=True)
class Translated:
    """`first_group` is the number in `pattern` of the group that .NET numbers 1; None where it has no groups."""

    pattern: str
    first_group: int | None


class _Reference(NamedTuple):
    """A group that another place names: `number` as it is written, or `name`; in a condition, or as what it matched."""

    number: str
    name: str
    in_condition: bool = False


@dataclass(slots=True)
class _Level:
    """The options in a group: in force `around` it, the present ones, and whether a group was `opened` for these."""

    around: frozenset[str]
    options: frozenset[str]
    opened: bool = False


def translate_regex(text: str) -> Translated:
    """Raises UnusableRegexError where .NET or the engine cannot use the expression; one with bindings is not tried out."""
    if len(text) > LONGEST:
        raise UnusableRegexError(f"it has {len(text)} characters; at most {LONGEST} are taken")
    translation = _Translation(text)
    pattern = translation.pattern()
    if len(pattern) > LONGEST:
        raise UnusableRegexError(f"it has {len(pattern)} characters when it is translated; at most {LONGEST} are taken")
    if not BINDING.search(text):
        try:
            refuse_large(pattern)
            regex.compile(pattern, regex.VERSION0)
        except RecursionError:
            raise UnusableRegexError("it is nested too deeply") from None
        except (regex.error, OverflowError, ValueError) as error:
            raise UnusableRegexError(str(error)) from None
    return Translated(pattern, translation.first_group())


class _Translation:
    """One expression, translated from left to right. References wait until all groups are known."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._pieces: list[str | _Reference] = []
        self._levels = [_Level(frozenset(), frozenset())]
        self._without_name: list[int] = []  # numbers in the pattern
        self._by_name: dict[str, int] = {}
        self._quantified = False
        while self._position < len(text):
            self._take()
        if len(self._levels) > 1:
            raise UnusableRegexError("it has a ( without its )")
        self._close_options()
        self._numbers = self._number_groups()

    def pattern(self) -> str:
        return "".join([piece if isinstance(piece, str) else self._resolve(piece) for piece in self._pieces])

    def first_group(self) -> int | None:
        first = self._numbers.get(1)
        return None if first is None else self._by_name[first] if isinstance(first, str) else first

    def _take(self) -> None:
        """Translates what comes next."""
        text, position = self._text, self._position
        if comment := _COMMENT.match(text, position):
            self._position = comment.end()
            return
        if "x" in self._levels[-1].options and (blank := _BLANK.match(text, position)):
            self._position = blank.end()
            return
        if bound := BINDING.match(text, position):
            self._put(bound[0], bound.end())
        elif quantifier := _QUANTIFIER.match(text, position) or _BOUND_QUANTIFIER.match(text, position):
            if self._quantified:
                raise UnusableRegexError(f"{quantifier[0]} follows another quantifier, which .NET does not take")
            self._put(quantifier[0], quantifier.end())
            self._quantified = True
        else:
            self._take_char(text[position])

    def _take_char(self, char: str) -> None:
        after = self._position + 1
        match char:
            case "\\":
                self._take_escape()
            case "[":
                self._put(*read_class(self._text, self._position))
            case "(":
                self._take_group()
            case ")":
                self._close_options()
                self._levels.pop()
                if not self._levels:
                    raise UnusableRegexError("it has a ) without its (")
                self._put(")", after)
            case "|":
                level = self._levels[-1]
                self._close_options()
                self._put("|", after)
                self._open_options(level)
            case "." | "^" | "$":
                self._put(char, after)
            case _:
                self._put(escape(char) if char in "{}]" else char, after)

    def _take_escape(self) -> None:
        text, position = self._text, self._position
        if named := _NAMED.match(text, position):
            name = named[1] or named[2]
            self._put(_Reference(name, "") if name.isdecimal() else _Reference("", name), named.end())
        elif numbered := _NUMBERED.match(text, position):
            self._put(_Reference(numbered[1], ""), numbered.end())
        elif (anchor := _ANCHORS.get(text[position + 1 : position + 2])) is not None:
            self._put(anchor, position + 2)
        else:
            char, kind, end = read_escape(text, position)
            self._put(kind or escape(char), end)

    def _take_group(self) -> None:
        found = _GROUP.match(self._text, self._position)
        if found is None:
            start = self._text[self._position : self._position + 10]
            raise UnusableRegexError(f"{start} begins no group that .NET has")
        if found["balancing"]:
            raise UnusableRegexError(f"balancing groups such as {found[0]} are .NET's alone")
        level = self._levels[-1]
        inside = _Level(level.options, level.options)
        opening: str | _Reference
        if found["end"]:
            options = _switched(level.options, found["options"].lower())
            if found["end"] == ")":
                self._close_options()
                level.options = options
                self._open_options(level)
                self._position = found.end()
                return
            opening, inside = f"(?{_change(level.options, options)}:", _Level(options, options)
        elif found["if"] is not None:
            self._pieces.append("(?")
            condition = found["condition"]
            number = condition is not None and condition.isdecimal()
            opening = "" if condition is None else _Reference(condition if number else "", "" if number else condition, True)
        elif found["plain"]:
            opening = f"(?{found['plain']}"
        elif name := found["name"] or found["quoted"]:
            opening = self._open_named(name)
        elif "n" in level.options:
            opening = "(?:"
        else:
            self._without_name.append(self._next_number())
            opening = "("
        self._put(opening, found.end())
        self._levels.append(inside)
        self._quantified = False

    def _open_named(self, name: str) -> str:
        if name[0].isdigit() and not name.isdecimal():
            raise UnusableRegexError(f"the name of a group, {name}, begins with a digit")
        name = _in_pattern(name)
        if name not in self._by_name:
            self._by_name[name] = self._next_number()
        return f"(?P<{name}>"

    def _next_number(self) -> int:
        return len(self._without_name) + len(self._by_name) + 1

    def _put(self, piece: str | _Reference, end: int) -> None:
        self._pieces.append(piece)
        self._position = end
        self._quantified = False

    def _open_options(self, level: _Level) -> None:
        """Begins a group for the options where they are others than those around it."""
        if change := _change(level.around, level.options):
            self._pieces.append(f"(?{change}:")
            level.opened = True

    def _close_options(self) -> None:
        level = self._levels[-1]
        if level.opened:
            self._pieces.append(")")
            level.opened = False

    def _number_groups(self) -> dict[int, int | str]:
        """Groups by .NET's numbers: those without a name first, then the names; a name may be a number itself."""
        numbers: dict[int, int | str] = dict(enumerate(self._without_name, 1))
        for name in self._by_name:
            if name.startswith(_BY_NUMBER):
                number = int(name.removeprefix(_BY_NUMBER))
                if number in numbers:
                    raise UnusableRegexError(f"two groups have the number {number}, one by its name; give it another")
                numbers[number] = name
        number = len(self._without_name) + 1
        for name in self._by_name:
            if not name.startswith(_BY_NUMBER):
                while number in numbers:
                    number += 1
                numbers[number] = name
        return numbers

    def _resolve(self, reference: _Reference) -> str:
        group: int | str | None = reference.name if reference.name in self._by_name else None
        if reference.number:
            group = self._numbers.get(int(reference.number))
            if group is None and not reference.in_condition and len(reference.number) > 1:
                # No such group, so it is the code of a character in octal digits, and perhaps more digits.
                char, _, end = read_escape(f"\\{reference.number}", 0)
                return escape(char) + reference.number[end - 1 :]
        if group is None:
            raise UnusableRegexError(f"it refers to a group {reference.number or reference.name}, which it does not have")
        if reference.in_condition:
            return f"({group})"
        return f"\\g<{group}>" if isinstance(group, int) else f"(?P={group})"


_BY_NUMBER = "_number_"  # what a group is called here that a number is the name of


def _in_pattern(name: str) -> str:
    return f"{_BY_NUMBER}{int(name)}" if name.isdecimal() else name


def _switched(options: frozenset[str], written: str) -> frozenset[str]:
    on, _, off = written.partition("-")
    return (options | set(on)) - set(off)


def _change(before: frozenset[str], after: frozenset[str]) -> str:
    """How `regex` writes that these options change; "" where it need not know."""
    on = "".join(sorted((after - before) & _KEPT))
    off = "".join(sorted((before - after) & _KEPT))
    return on + (f"-{off}" if off else "")
