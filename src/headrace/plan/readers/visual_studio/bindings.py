"""`{{name}}` in Visual Studio's texts, written as templates of the plan (reference: visual-studio-formats, 3.1 and 3.2).

A name is looked up as it is written, then in any case, in what the test defines, then in what Visual Studio does. One that
nothing defines stays, and fails its request when it runs. What only Headrace would take for a function, a quote or one of
its own variables is written otherwise.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from headrace.plan.templates import Variable, literal, parse_template
from headrace.plan.variable_checks import STANDING

_BINDING = re.compile(r"\{\{([^{}]+)\}\}")
_LONGEST = 299

# $WebTestUserId tells the users of an agent apart, of whatever scenario; $user_id even those of all agents.
_BUILT_IN = {
    "$webtestuserid": "{{$user_id}}",
    "$webtestiteration": "{{$iteration}}",
    "$agentid": "{{$agent}}",
    "$agentcount": "{{$agents}}",
    "$agentname": "Agent{{$agent}}",
    "$controllername": "ELSCONTROLLER",
    "$testdir": ".",
    "$ieacceptlanguage": "en-US",
}
# Those of which a test may expect more than it gets.
APPROXIMATE = {
    "$testdir": "it is '.', for a test's files are read before it is sent to its agents",
}


class Bindings:
    """`given` are the context parameters and columns of a test, `extracted` what its rules define, which goes before them; a
    name that ends with a point stands for all that begin so.

    `used` are the names that were bound, in lower case; `unknown` those that nothing defines, as templates spell them.
    """

    def __init__(self, given: Iterable[str] = (), extracted: Iterable[str] = ()) -> None:
        self._names: dict[str, str] = {}
        self._any_case: dict[str, str] = {}
        self._beginnings: dict[str, str] = {}
        extracted = tuple(extracted)
        self._extracted = frozenset(spell(name) for name in extracted)
        self.used: set[str] = set()
        self.unknown: dict[str, None] = {}
        for name in (*extracted, *given):
            self._names.setdefault(name, spell(name))
            known = self._beginnings if name.endswith(".") else self._any_case
            known.setdefault(name.casefold(), spell(name))

    def bind(self, text: str) -> str:
        """The template of a text."""
        return self._translate(text, literal)

    def bind_url(self, text: str) -> str:
        """The template of a URL, in which .NET sends blanks encoded and takes backslashes in a path for slashes."""
        return self._translate(text.strip(), lambda constant: literal(_escape(constant)))

    def begins_with_extracted(self, text: str) -> bool:
        """Whether a text begins with a value that was taken out of a response."""
        found = _BINDING.match(text)
        name = self._look_up(found[1])[2:-2] if found else ""
        return any(each in self._extracted for each in (name, *_beginnings(name)))

    def _translate(self, text: str, constant: Callable[[str], str]) -> str:
        if "{{" not in text:
            return constant(text)
        parts: list[str] = []
        end = 0
        for found in _BINDING.finditer(text):
            parts += [constant(text[end : found.start()]), self._look_up(found[1])]
            end = found.end()
        return "".join([*parts, constant(text[end:])])

    def _look_up(self, name: str) -> str:
        folded = name.strip().casefold()
        self.used.add(folded)
        known = self._names.get(name) or self._any_case.get(folded)
        if known is not None:
            return f"{{{{{known}}}}}"
        for beginning in _beginnings(folded):
            if beginning in self._beginnings:
                return f"{{{{{spell(self._beginnings[beginning] + name.strip()[len(beginning) :])}}}}}"
        if folded in _BUILT_IN:
            return _BUILT_IN[folded]
        self.unknown[spell(name)] = None
        return f"{{{{{spell(name)}}}}}"


def spell(name: str) -> str:
    """A name of a context parameter as a template can have it: itself, but for the few that mean something to Headrace."""
    name = re.sub(r"[{}']", "’", name)[:_LONGEST]
    return name if _is_variable(name) else f"{name}."


def is_spelt(name: str) -> bool:
    """Whether a rule may define a context parameter of this name."""
    return spell(name) == name


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """A text with the values of its bindings, by their names in lower case; None where one has none."""
    if any(found[1].strip().casefold() not in values for found in _BINDING.finditer(text)):
        return None
    return _BINDING.sub(lambda found: values[found[1].strip().casefold()], text)


def _beginnings(name: str) -> Iterator[str]:
    """What a name begins with, up to each of its points."""
    return (name[: at + 1] for at, character in enumerate(name[:_LONGEST]) if character == ".")


def _is_variable(name: str) -> bool:
    try:
        return parse_template(f"{{{{{name}}}}}") == [Variable(name)] and name not in STANDING
    except ValueError:  # a function of Headrace's with the wrong arguments
        return False


def _escape(url: str) -> str:
    path, mark, query = url.partition("?")
    return (path.replace("\\", "/") + mark + query.replace("\\", "%5C")).replace(" ", "%20")
