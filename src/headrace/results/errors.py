"""The errors of a run as a tree: kinds, their sub-kinds, and what exactly happened how often.

The order is that of the occurrences, most first, then of the names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from headrace.ticks.tick import ErrorName, ErrorStats


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """Errors that are the same in all but their time. `last` is when it last happened, in seconds since the epoch."""

    occurrences: int
    test: str
    scenario: str
    url: str
    method: str
    message: str
    last: float


@dataclass(frozen=True, slots=True)
class ErrorSubtype:
    name: str
    occurrences: int
    details: tuple[ErrorDetail, ...]


@dataclass(frozen=True, slots=True)
class ErrorType:
    name: str
    occurrences: int
    subtypes: tuple[ErrorSubtype, ...]


@dataclass(frozen=True, slots=True)
class Errors:
    """The whole tree; occurrences are the sums of what is below."""

    occurrences: int = 0
    types: tuple[ErrorType, ...] = ()

    def only(self, kind: str | None = None, subkind: str | None = None) -> "Errors":
        """The part of the tree under one type, or one sub-type of every type, in any case; None leaves all."""
        types = []
        for error_type in self.types:
            if _matches(kind, error_type.name):
                subtypes = [subtype for subtype in error_type.subtypes if _matches(subkind, subtype.name)]
                if subtypes:
                    types.append(ErrorType(error_type.name, _occurrences(subtypes), tuple(subtypes)))
        return _tree(types)


def error_tree(errors: Mapping[ErrorName, ErrorStats]) -> Errors:
    """The tree of the errors that all ticks of a run add up to."""
    kinds: dict[str, dict[str, list[ErrorDetail]]] = {}
    for error, stats in errors.items():
        detail = ErrorDetail(stats.count, error.test, error.scenario, error.url, error.method, error.message, stats.last)
        kinds.setdefault(error.kind, {}).setdefault(error.subkind, []).append(detail)
    types = []
    for kind, subkinds in kinds.items():
        subtypes = [_subtype(subkind, details) for subkind, details in subkinds.items()]
        types.append(ErrorType(kind, _occurrences(subtypes), tuple(sorted(subtypes, key=_most_first))))
    return _tree(types)


def _subtype(name: str, details: list[ErrorDetail]) -> ErrorSubtype:
    details = sorted(details, key=lambda at: (-at.occurrences, at.message, at.url, at.method, at.test, at.scenario))
    return ErrorSubtype(name, _occurrences(details), tuple(details))


def _tree(types: list[ErrorType]) -> Errors:
    return Errors(_occurrences(types), tuple(sorted(types, key=_most_first)))


def _most_first(part: ErrorType | ErrorSubtype) -> tuple[int, str]:
    return -part.occurrences, part.name


def _occurrences(parts: list[ErrorType] | list[ErrorSubtype] | list[ErrorDetail]) -> int:
    return sum(part.occurrences for part in parts)


def _matches(wanted: str | None, name: str) -> bool:
    return wanted is None or wanted.casefold() == name.casefold()
