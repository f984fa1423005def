"""Regular expressions of strangers on texts of strangers: each search ends in time.

`regex` can give up a search after a time, which `re` cannot, but its clock costs 3.5 µs a search (4.3 µs against 0.4 µs on a
short text). So a pattern that is plain enough to count the ways it can be tried is given to `re`, on texts so short that
there are few.
"""

import re
from collections.abc import Iterator
from math import comb

import regex

from headrace.plan.repeats import refuse_large

LONGEST = 10_000  # characters of a pattern
TIME = 0.1  # seconds of CPU that one search may take

Match = re.Match[str] | regex.Match[str]

# What is plain: characters, classes, groups that are not repeated; no alternatives, back references, look-arounds. What `re`
# and `regex` read in two ways is left out.
_CLASS = r"""\[\^?(?:(?!--)[A-Za-z0-9_ "'<>/=.,:;!@#%?+*(){}$-]|\\[dDwWsSnrt\\\]\[^"'/.{}-])+\]"""
_CHARACTER = rf"""[A-Za-z0-9_ "'<>/=,:;!@#%&~`\n-]|\.|\\[dDwWsSnrt]|\\[^A-Za-z0-9\s]|{_CLASS}"""
_QUANTIFIER = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??"
_GROUP = r"\((?:\?:|\?P?<[A-Za-z_][A-Za-z0-9_]*>|(?!\?))|\)(?![*+?{])"
_PIECE = re.compile(rf"(?:{_CHARACTER})({_QUANTIFIER})?|{_GROUP}")
_PLAIN = re.compile(rf"(?:{_PIECE.pattern})*")
_LONGEST_PLAIN = 200
_MOST_WAYS = 1_000_000  # 12 ms at the worst that was found
_LONGEST_TEXTS = 100_000

# What .NET writes in another way, or has alone. The first two alternatives skip what only looks like it.
_DOTNET = re.compile(
    r"\\k(?:<(?P<named>\w+)>|'(?P<quoted>\w+)')|\\.|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|\(\?'(?P<group>\w+)'|(?P<balancing>\(\?[<']\w*-\w+[>'])",
    re.DOTALL,
)


class Pattern:
    """A compiled regular expression. Its searches raise TimeoutError after TIME, with what to do about it."""

    __slots__ = ("_longest", "_plain", "_timed", "groups", "source")

    def __init__(self, source: str, timed: regex.Pattern[str], plain: re.Pattern[str] | None, longest: int) -> None:
        self.source = source
        self.groups = timed.groups
        self._timed = timed
        self._plain = plain
        self._longest = longest

    def search(self, text: str, start: int = 0) -> Match | None:
        if len(text) <= self._longest and text.isascii() and self._plain is not None:
            return self._plain.search(text, start)
        try:
            return self._timed.search(text, start, timeout=TIME)
        except TimeoutError:
            raise self._too_slow() from None

    def fullmatch(self, text: str) -> Match | None:
        if len(text) <= self._longest and text.isascii() and self._plain is not None:
            return self._plain.fullmatch(text)
        try:
            return self._timed.fullmatch(text, timeout=TIME)
        except TimeoutError:
            raise self._too_slow() from None

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches from left to right; TIME is for all of them together."""
        try:
            yield from self._timed.finditer(text, timeout=TIME)
        except TimeoutError:
            raise self._too_slow() from None

    def _too_slow(self) -> TimeoutError:
        return TimeoutError(
            f"The search for the regular expression {self.source[:300]!r} was given up after {TIME:g} s; "
            'write it so that there are fewer ways to try it, with [^"]* in place of .* for example'
        )


def compile_pattern(source: str, ignore_case: bool = False) -> Pattern:
    """A pattern in the dialect of Perl, Java, .NET or Python, as far as they agree. Raises ValueError where it is none."""
    if len(source) > LONGEST:
        raise ValueError(f"The regular expression {source[:50]!r}... has {len(source)} characters; {LONGEST} is the most")
    flags = re.IGNORECASE if ignore_case else 0
    try:
        refuse_large(source)
        timed = regex.compile(_DOTNET.sub(_from_dotnet, source), regex.VERSION0 | flags)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise ValueError(f"The regular expression {source[:300]!r} cannot be used: {error}") from None
    longest = _longest_text(source)
    if longest == 0:
        return Pattern(source, timed, None, -1)
    # On ASCII texts and with this flag, `re` and `regex` agree on \s, \w and letter case.
    plain = re.compile(re.sub(r"(?<!\\)\(\?<", "(?P<", source), re.ASCII | flags)
    return Pattern(source, timed, plain, longest)


def _from_dotnet(found: re.Match[str]) -> str:
    if name := found["named"] or found["quoted"]:
        return f"(?P={name})"
    if name := found["group"]:
        return f"(?P<{name}>"
    if found["balancing"]:
        raise ValueError(f"balancing groups such as {found[0]} are .NET's alone")
    if found["class"] and "-[" in found[0][1:]:
        raise ValueError(f"{found[0][:50]} takes one class from another, which is .NET's alone; write the class out")
    return found[0]


def _longest_text(source: str) -> int:
    """The longest text that a plain pattern is searched in without a clock; 0 where the pattern is not plain.

    A search tries each start and each share of the text for each quantifier at most: choosing k + 1 of n + k + 1 places.
    """
    if len(source) > _LONGEST_PLAIN or not source.isascii() or not _PLAIN.fullmatch(source):
        return 0
    quantifiers = sum(1 for piece in _PIECE.finditer(source) if piece[1])
    low, high = 0, _LONGEST_TEXTS
    while low < high:
        middle = (low + high + 1) // 2
        if comb(middle + quantifiers + 1, quantifiers + 1) <= _MOST_WAYS:
            low = middle
        else:
            high = middle - 1
    return low
