"""What everything inside a web test is read with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.bindings import Bindings
from headrace.plan.readers.visual_studio.included import TestFile
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.surroundings import Surroundings
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.requests import Credentials
from headrace.plan.rules import Scope


@dataclass(slots=True)
class Spent:
    """What the whole test has come to so far: its items, rules of the test that were read for a request, tests included,
    loops that move cursors, bytes of files that it uploads."""

    items: int = 0
    rules: int = 0
    included: int = 0
    loops: int = 0
    uploaded: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """`file` is the one that is read. `values` are those of context parameters, by their names in lower case, for what has
    to be known before the test runs. `rules` are the validation rules of all requests. `sources` are the data sources whose
    rows loops take. `credentials` are those of an included test that does not take those around it.
    """

    file: TestFile
    folder: Folder
    bindings: Bindings
    surroundings: Surroundings
    values: Mapping[str, str]
    rules: tuple[tuple[Reading, Element], ...]
    sources: tuple[str, ...] = ()
    credentials: Credentials | None = None
    spent: Spent = field(default_factory=Spent)

    @property
    def reading(self) -> Reading:
        return self.file.reading

    @property
    def scope(self) -> Scope:
        """How long what the test puts into its context lives."""
        return Scope.USER if self.surroundings.lasting else Scope.ITERATION


def given_to(surroundings: Surroundings) -> dict[str, str]:
    """The context parameters that go before a test's own: those of the user, then those of the run setting."""
    return {**surroundings.parameters, **surroundings.choices.parameters}
