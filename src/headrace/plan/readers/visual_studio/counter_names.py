"""The performance counters that a load test can have thresholds on (reference: visual-studio-formats, 7.1 and 7.2).

Names are given in the language of the author's Visual Studio, not all of them and not in all versions. Categories are in
English, and the list of a category's counters is always the same: so what a name means is seen by its place.
"""

from collections.abc import Sequence

from headrace.plan.counter_names import AGENT_COUNTERS, LOAD_TEST_COUNTERS

# What is not measured here stands behind the rest in the files, whose order the names in `plan/` have too.
_NOT_MEASURED = {
    "LoadTest:Test": ("% Time in LoadTestPlugin", "% Time in WebTest code", "% Time in Rules"),
    "LoadTest:Errors": ("Threshold Violations/Sec",),
    "LoadTest:LogEntries": ("Total Log Entries", "Log Entries/Sec"),
}
_OF_THE_TEST = {
    category: (*LOAD_TEST_COUNTERS.get(category, ()), *_NOT_MEASURED.get(category, ()))
    for category in (*LOAD_TEST_COUNTERS, *_NOT_MEASURED)
}
_MEASURED = {**LOAD_TEST_COUNTERS, **AGENT_COUNTERS}
_CATEGORIES = {category.casefold(): category for category in (*_OF_THE_TEST, *AGENT_COUNTERS)}


def is_of_the_test(category: str) -> bool:
    """Whether a category's counters are the load test's own, not a machine's."""
    return category.casefold().startswith("loadtest:")


def measured_counter(category: str, names: Sequence[str], place: int) -> tuple[str, str] | None:
    """The category and counter, in English, of the name at a place among those of a category; None: it is not measured."""
    known = _CATEGORIES.get(category.strip().casefold(), "")
    wanted = names[place].strip().casefold()
    ours = _OF_THE_TEST.get(known, ()) or AGENT_COUNTERS.get(known, ())
    name = next((each for each in ours if each.casefold() == wanted), None)
    if name is None and _in_usual_order(names, _OF_THE_TEST.get(known, ())):
        name = ours[place]
    return (known, name) if name is not None and name in _MEASURED.get(known, ()) else None


def _in_usual_order(names: Sequence[str], usual: Sequence[str]) -> bool:
    """Whether these are the usual names of a category, but for some that are translated."""
    english = {name.casefold() for name in usual}
    given = [name.strip().casefold() for name in names]
    return len(names) == len(usual) and all(
        name == expected.casefold() or name not in english for name, expected in zip(given, usual, strict=True)
    )
