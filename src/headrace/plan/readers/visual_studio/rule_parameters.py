"""The classes of rules and their parameters: `<RuleParameters><RuleParameter Name= Value=/></RuleParameters>`.

What a parameter does not say has the default of its class, for old files lack the newer ones; what a class does not know is
warned of. Display names are localised and never looked at (reference: visual-studio-formats, general parse rules and 2).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from headrace.plan.readers.visual_studio.dotnet_classes import UnusableRegexError
from headrace.plan.readers.visual_studio.dotnet_regex import translate_regex
from headrace.plan.readers.visual_studio.reading import Reading, class_name, shown
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.templates import Variable, parse_template

Bind = Callable[[str], str]  # makes a template of a text of Visual Studio's

LOOPS_ONLY = ("CountingLoopRule", "ForLoopRule")  # these count their passes in a context parameter

_NAMESPACE = "Microsoft.VisualStudio.TestTools.WebTesting."


def built_in_class(rule: Element) -> str | None:
    """The name, without its namespace, of a class of Visual Studio's own; None for a rule that somebody wrote.

    Two classes have moved into `Rules` from the namespace around it, so a class may be in either.
    """
    name = class_name(rule.attributes.get("Classname", ""))
    return name.removeprefix(_NAMESPACE).removeprefix("Rules.") if name.startswith(_NAMESPACE) else None


def refuse_class(reading: Reading, rule: Element, what: str, suggestions: Iterable[tuple[str, str]]) -> None:
    """Refuses a rule whose class is not built in. `suggestions`: what to use instead, by a word in the class's name."""
    name = class_name(rule.attributes.get("Classname", ""))
    if not name:
        reading.error(rule, f"it has no Classname, so nobody knows what {what} it is; give one or take it out")
        return
    known = name.rpartition(".")[2].lower()
    instead = next((remedy for word, remedy in suggestions if word in known), None)
    advice = f"; {instead} may do what its name says" if instead else ""
    reading.refuse_plugin(rule, f"the {what} {shown(name)} is code for .NET, which is not run{advice}")


def variables_of(rule: Element) -> Iterator[str]:
    """The context parameters that an extraction or conditional rule sets; `$HIDDEN1.` stands for all that begin so."""
    if rule.name == "ExtractionRule":
        variable = rule.attributes.get("VariableName", "")
        if built_in_class(rule) == "ExtractHiddenFields":
            yield f"$HIDDEN{variable}."
        elif variable:
            yield variable
    elif built_in_class(rule) in LOOPS_ONLY:
        for parameter in rule.all("RuleParameters", "RuleParameter"):
            if parameter.attributes.get("Name") == "ContextParameterName" and parameter.attributes.get("Value"):
                yield parameter.attributes["Value"]


@dataclass(slots=True)
class Parameters:
    """The parameters of one rule, read one by one. `asked` are the names that the rule knows, filled while reading."""

    reading: Reading
    rule: Element
    bind: Bind
    asked: set[str] = field(default_factory=set)

    def raw(self, name: str, default: str = "") -> str:
        """A text without its bindings being made variables."""
        parameter = self._find(name)
        return default if parameter is None else self.reading.text(parameter, "Value", default)

    def text(self, name: str) -> str:
        """A template, "" where it is not given."""
        return self.bind(self.raw(name))

    def needed(self, name: str) -> str:
        """A template of a text without which there is nothing to look for: an error where it is empty."""
        if not self.raw(name):
            self.reading.error(self.rule, f"its parameter {name} is empty; give it a value, or take the rule out")
        return self.text(name)

    def context_parameter(self) -> str:
        """The name in `ContextParameterName`, in the spelling that the test knows it by: an error where it is none."""
        name = self.raw("ContextParameterName")
        if not name or "{" in name or "}" in name:
            told = f"its ContextParameterName is {shown(name)}; give the name of a context parameter, without braces"
            self.reading.error(self.rule, told)
            return name
        parts = parse_template(self.bind(f"{{{{{name}}}}}"))
        return parts[0].name if len(parts) == 1 and isinstance(parts[0], Variable) else name

    def expression(self, name: str) -> str:
        """A template of a regular expression of .NET's, in the dialect of Headrace; "" where it cannot be used."""
        written = self.raw(name)
        try:
            return self.bind(translate_regex(written).pattern)
        except UnusableRegexError as error:
            self.unusable(name, written, error)
            return ""

    def unusable(self, name: str, written: str, error: UnusableRegexError) -> None:
        self.reading.error(self.rule, f"{name} is the regular expression {shown(written)}, which cannot be used: {error}")

    def flag(self, name: str, default: bool) -> bool:
        parameter = self._find(name)
        return default if parameter is None else self.reading.flag(parameter, "Value", default)

    def number(self, name: str, default: float) -> float:
        parameter = self._find(name)
        return default if parameter is None else self.reading.number(parameter, "Value", default)

    def whole(self, name: str, default: int) -> int:
        parameter = self._find(name)
        return default if parameter is None else self.reading.whole(parameter, "Value", default)

    def ignore_closing_tags(self) -> None:
        """Whether a tag has an end tag (`<li>` may have none) need not be told: HTML says what is inside of it."""
        if not self.flag("HasClosingTags", True):
            self.reading.warn(self.rule, "HasClosingTags=False has no effect: what is inside a tag is as a browser has it")

    def warn_of_others(self) -> None:
        """Warns of the parameters that the rule does not know. Call it when all that it knows are read."""
        for parameter in self.rule.all("RuleParameters", "RuleParameter"):
            self.reading.expect(parameter, ("Name", "Value"))
            if parameter.attributes.get("Name", "") not in self.asked:
                self.reading.warn(parameter, f"is not known to {built_in_class(self.rule)} and has no effect")

    def _find(self, name: str) -> Element | None:
        self.asked.add(name)
        parameters = self.rule.all("RuleParameters", "RuleParameter")
        return next((parameter for parameter in parameters if parameter.attributes.get("Name") == name), None)
